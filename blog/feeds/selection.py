"""Select one page of a feed, by key and with a bounded cost.

The keys are read first, from an index alone: rows that `start-index` skips and texts that would make the page too large
are never loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, takewhile
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_

from blog.db import db
from blog.feeds.parameters import Parameters, WrongParameter
from blog.web.pagination import is_older_than, page_key, parse_page_key

# characters of text on a page, besides a first entry that is longer
MAX_TEXT = 2_000_000
Rows = list[Row[Any]]


@dataclass(frozen=True)
class Listing:
    """Hold what a feed lists: records by time and id.

    `length` is that of a record's texts. `max_start` bounds `start-index`, and how far the entries are counted.
    """

    query: Select[Any]
    at: Any
    row_id: Any
    length: ColumnElement[int]
    max_start: int


@dataclass(frozen=True)
class Keys:
    """Hold the ids of a page, newest first, and its neighbours' keys."""

    ids: list[int]
    older: str | None
    newer: str | None


def select_keys(listing: Listing, parameters: Parameters) -> Keys:
    """Select the page after or before a key, or from `start-index` on.

    Raises: WrongParameter.
    """
    if parameters.start > listing.max_start:
        raise WrongParameter(
            _(
                "start-index is at most %(most)s here; to read on, follow the feed’s own link to its next page.",
                most=listing.max_start,
            )
        )
    size, after = parameters.size, parse_page_key(parameters.after)
    before = parse_page_key(parameters.before) if after is None else None
    if before is not None:
        rows = _read_rows(listing, tuple_(listing.at, listing.row_id) > tuple_(*before), size, ascending=True)
        if len(rows) > size > 0:
            return _cut_page(rows[size - 1 :: -1], more=True, first=False)
    rows = _read_rows(listing, is_older_than(listing.at, listing.row_id, parameters.after), size, parameters.start)
    return _cut_page(rows[:size], more=len(rows) > size, first=after is None and parameters.start == 1)


def count_rows(listing: Listing) -> int:
    """Count the rows of all pages, up to `max_start`."""
    rows = listing.query.with_only_columns(listing.row_id).limit(listing.max_start).subquery()
    return db.session.execute(select(func.count()).select_from(rows)).scalar_one()


def within(at: Any, start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    """Build the conditions for a time from `start` on and before `end`."""
    conditions = [] if start is None else [at >= start]
    return conditions if end is None else [*conditions, at < end]


def _read_rows(
    listing: Listing, condition: ColumnElement[bool], size: int, start: int = 1, *, ascending: bool = False
) -> Rows:
    """Read time, id and length of one row more than the page has."""
    keys = listing.query.where(condition).with_only_columns(listing.at.label("at"), listing.row_id.label("id"))
    columns = [listing.at, listing.row_id] if ascending else [listing.at.desc(), listing.row_id.desc()]
    page = keys.order_by(*columns).offset(start - 1).limit(size + 1).subquery()
    order = [page.c.at, page.c.id] if ascending else [page.c.at.desc(), page.c.id.desc()]
    rows = select(page.c.at, page.c.id, listing.length.label("length"))
    query = rows.select_from(page).join(listing.row_id.class_, listing.row_id == page.c.id).order_by(*order)
    return list(db.session.execute(query))


def _cut_page(rows: Rows, *, more: bool, first: bool) -> Keys:
    """End the page before its texts get too long, but after the first."""
    lengths = takewhile(lambda total: total <= MAX_TEXT, accumulate(row.length for row in rows))
    page = rows[: max(len(list(lengths)), 1)]
    older = page_key(page[-1], "at") if page and (more or len(page) < len(rows)) else None
    newer = page_key(page[0], "at") if page and not first else None
    return Keys([row.id for row in page], older, newer)
