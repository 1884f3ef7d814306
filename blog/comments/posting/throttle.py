"""Throttle comments per reader and per address.

The limits are settings of the site. Many people may share an address, so it gets more than one reader. Readers without
a comment yet share a small number per address: otherwise a program would pass as a new reader each time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from blog.comments.models import Comment
from blog.row_limits import seconds_until_allowed
from blog.site.models import current_site

MINUTE = timedelta(minutes=1)
NEW_READERS = 3, MINUTE


def seconds_to_wait(reader_key: str, address_key: str, at: datetime) -> int:
    """Return how long this reader must wait before the next comment."""
    site, by_address = current_site(), Comment.address_key == address_key
    per_reader = (site.reader_per_10_seconds, timedelta(seconds=10)), (site.reader_per_10_minutes, 10 * MINUTE)
    per_address = (site.address_per_minute, MINUTE), (site.address_per_10_minutes, 10 * MINUTE)
    return max(
        seconds_until_allowed(Comment.created_at, per_reader, at, Comment.reader_key == reader_key),
        seconds_until_allowed(Comment.created_at, per_address, at, by_address),
        seconds_until_allowed(Comment.created_at, [NEW_READERS], at, by_address, *_is_first(reader_key)),
    )


def _is_first(reader_key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Match the first comments of readers, if this reader has none either."""
    older = aliased(Comment)
    return (
        ~exists().where(older.reader_key == Comment.reader_key, older.id < Comment.id),
        ~exists().where(older.reader_key == reader_key),
    )
