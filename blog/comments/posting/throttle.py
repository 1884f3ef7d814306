"""How fast one reader, or one address, may write. Counted in the comments themselves, so for all processes alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, select

from blog.comments.models import Comment
from blog.db import db

# at most so many comments in so many seconds
LIMITS = ((1, 10), (5, 600))


def pause(reader_key: str, address_key: str, at: datetime) -> int:
    """How many seconds this reader must wait before the next comment: 0 when it may come now."""
    return max(_wait(Comment.reader_key == reader_key, at), _wait(Comment.address_key == address_key, at))


def _wait(whose: ColumnElement[bool], at: datetime) -> int:
    longest = LIMITS[-1][1]
    # not later than now: a clock that was set back must not lock anyone out
    recent = Comment.created_at.between(at - timedelta(seconds=longest), at)
    times = list(
        db.session.scalars(select(Comment.created_at).where(whose, recent).order_by(Comment.created_at.desc()))
    )
    waits = [
        seconds - (at - times[count - 1]).total_seconds()
        for count, seconds in LIMITS
        if len(times) >= count and (at - times[count - 1]).total_seconds() < seconds
    ]
    return ceil(max(waits, default=0))
