"""Page through lists by key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from flask import request
from sqlalchemy import ColumnElement, Select, true, tuple_

from blog.db import db

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# a time before 1970 is negative
PAGE_KEY = re.compile(r"(-?[0-9]{1,15})-([0-9]{1,18})")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Hold one page, newest first, and the keys of the pages beside it or None."""

    items: list[T]
    older: str | None
    newer: str | None = None


def page_keys() -> dict[str, str | None]:
    """Return where the requested page of a list begins or ends."""
    return {"after": request.args.get("after"), "before": request.args.get("before")}


def load_page(query: Select[T], at: Any, row_id: Any, after: str | None, size: int) -> Page[T]:
    """Load the page after the key `after`.

    It is ordered by the columns `at` and `row_id`, both descending. A key is `<milliseconds since 1970>-<id>`. A
    malformed one gives the first page.
    """
    newest_first = query.where(is_older_than(at, row_id, after)).order_by(at.desc(), row_id.desc())
    items = list(db.session.scalars(newest_first.limit(size + 1)))
    older = page_key(items[size - 1], at.key, row_id.key) if len(items) > size else None
    newer = page_key(items[0], at.key, row_id.key) if items and parse_page_key(after) else None
    return Page(items[:size], older, newer)


def load_page_before(query: Select[T], at: Any, row_id: Any, before: str, size: int) -> Page[T]:
    """Load the page before a key, ordered as by `load_page`.

    Where no full page is before it, that is the first page.
    """
    if (key := parse_page_key(before)) is None:
        return load_page(query, at, row_id, None, size)
    oldest_first = query.where(tuple_(at, row_id) > tuple_(*key)).order_by(at, row_id)
    items = list(db.session.scalars(oldest_first.limit(size + 1)))
    if len(items) <= size:
        return load_page(query, at, row_id, None, size)
    items = items[size - 1 :: -1]
    return Page(items, page_key(items[-1], at.key, row_id.key), page_key(items[0], at.key, row_id.key))


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
    if (parts := PAGE_KEY.fullmatch(key or "")) is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=int(parts[1])), int(parts[2])
    except OverflowError:
        return None
