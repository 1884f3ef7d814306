"""Page through lists by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, true, tuple_

from blog.db import db

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Hold one page, newest first, and the next page's key or None."""

    items: list[T]
    older: str | None


def load_page(query: Select[T], at: Any, row_id: Any, after: str | None, size: int) -> Page[T]:
    """Load the page after the key `after`.

    It is ordered by the columns `at` and `row_id`, both descending. A key is `<milliseconds since 1970>-<id>`. A
    malformed one gives the first page.
    """
    query = query.order_by(at.desc(), row_id.desc()).limit(size + 1)
    query = query.where(is_older_than(at, row_id, after))
    items = list(db.session.scalars(query))
    older = page_key(items[size - 1], at.key, row_id.key) if len(items) > size else None
    return Page(items[:size], older)


def is_older_than(at: Any, row_id: Any, after: str | None) -> ColumnElement[bool]:
    """Build the condition for rows after the key `after`."""
    key = parse_page_key(after)
    return tuple_(at, row_id) < tuple_(*key) if key else true()


def page_key(item: object, at: str = "created_at", row_id: str = "id") -> str:
    """Build the key of a record or row."""
    moment: datetime = getattr(item, at)
    return f"{(moment - EPOCH) // timedelta(milliseconds=1)}-{getattr(item, row_id)}"


def parse_page_key(key: str | None) -> tuple[datetime, int] | None:
    """Parse a key into time and id; None if malformed."""
    milliseconds, _, row_id = (key or "").partition("-")
    if len(milliseconds) > 15 or len(row_id) > 18:
        return None
    if not (milliseconds.isascii() and milliseconds.isdigit() and row_id.isascii() and row_id.isdigit()):
        return None
    try:
        return EPOCH + timedelta(milliseconds=int(milliseconds)), int(row_id)
    except OverflowError:
        return None
