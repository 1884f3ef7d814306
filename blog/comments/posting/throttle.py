"""Throttle comments per reader and per address.

Counts rows of comments, so the limits hold across processes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, select

from blog.comments.models import Comment
from blog.db import db

# (comments, seconds)
LIMITS = ((1, 10), (5, 600))


def seconds_to_wait(reader_key: str, address_key: str, at: datetime) -> int:
    """Return how long this reader must wait before the next comment."""
    return max(_wait_for(Comment.reader_key == reader_key, at), _wait_for(Comment.address_key == address_key, at))


def _wait_for(writer: ColumnElement[bool], at: datetime) -> int:
    longest = LIMITS[-1][1]
    # not later than now: a clock that was set back must not lock anyone out
    recent = Comment.created_at.between(at - timedelta(seconds=longest), at)
    times = list(
        db.session.scalars(select(Comment.created_at).where(writer, recent).order_by(Comment.created_at.desc()))
    )
    waits = [
        seconds - (at - times[count - 1]).total_seconds()
        for count, seconds in LIMITS
        if len(times) >= count and (at - times[count - 1]).total_seconds() < seconds
    ]
    return ceil(max(waits, default=0))
