"""Paging by key: a page of a list begins after the last key of the page before, however long the list is."""

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
    """Some items, newest first, and the key that the next page begins after (None on the last)."""

    items: list[T]
    older: str | None


def newest_first(query: Select[T], at: Any, row_id: Any, after: str | None, size: int) -> Page[T]:
    """The page of `query` that comes after the key `after`, by the column `at` and then `row_id`, both falling.

    A key is `<milliseconds since 1970>-<id>`; one that cannot be read begins at the newest.
    """
    query = query.order_by(at.desc(), row_id.desc()).limit(size + 1)
    query = query.where(older_than(at, row_id, after))
    items = list(db.session.scalars(query))
    older = key_of(items[size - 1], at.key, row_id.key) if len(items) > size else None
    return Page(items[:size], older)


def older_than(at: Any, row_id: Any, after: str | None) -> ColumnElement[bool]:
    """What comes after the key `after`, in a query that lists by these two columns."""
    key = read_key(after)
    return tuple_(at, row_id) < tuple_(*key) if key else true()


def key_of(item: object, at: str = "created_at", row_id: str = "id") -> str:
    """The key of a record or a row by these of its attributes."""
    moment: datetime = getattr(item, at)
    return f"{(moment - EPOCH) // timedelta(milliseconds=1)}-{getattr(item, row_id)}"


def read_key(key: str | None) -> tuple[datetime, int] | None:
    """The time and the id of a key from outside; None where it is none."""
    milliseconds, _, row_id = (key or "").partition("-")
    if len(milliseconds) > 15 or len(row_id) > 18:
        return None
    if not (milliseconds.isascii() and milliseconds.isdigit() and row_id.isascii() and row_id.isdigit()):
        return None
    try:
        return EPOCH + timedelta(milliseconds=int(milliseconds)), int(row_id)
    except OverflowError:
        return None
