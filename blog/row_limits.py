"""Limit how many rows are written within a time, such as five comments in ten minutes.

Rows are counted, so a limit holds across processes. Rows later than now do not count: a clock that was set back must
lock nobody out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from blog.db import db

# the most rows, at least 1, and the time within which they count
Limit = tuple[int, timedelta]
TimeColumn = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def seconds_until_allowed(
    time: TimeColumn, limits: Iterable[Limit], at: datetime, *conditions: ColumnElement[bool]
) -> int:
    """Return the seconds until all limits allow another row; 0 for now.

    Counts the rows that meet the conditions, by the column `time`.
    """
    limits = list(limits)
    oldest = select(*(oldest_within(time, limit, at, *conditions).scalar_subquery() for limit in limits))
    found = zip(db.session.execute(oldest).one(), limits, strict=True)
    return ceil(max(((start + within - at).total_seconds() for start, (_most, within) in found if start), default=0))


def is_limit_reached(time: TimeColumn, limits: Iterable[Limit], at: datetime, *conditions: ColumnElement[bool]) -> bool:
    """Return whether one of the limits refuses another row."""
    return seconds_until_allowed(time, limits, at, *conditions) > 0


def oldest_within(
    time: TimeColumn, limit: Limit, at: datetime, *conditions: ColumnElement[bool]
) -> Select[datetime | None]:
    """Select the time of the oldest row that uses up a limit, if any.

    Reads no more rows than the limit allows if an index has the columns of the conditions and then `time`.
    """
    most, within = limit
    recent = select(time).where(time > at - within, time <= at, *conditions)
    return recent.order_by(time.desc()).offset(most - 1).limit(1)
