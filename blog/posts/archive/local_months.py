"""Convert between moments and the months of the site's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Month = tuple[int, int]
"""A year and a month of it, from 1 to 12."""

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    """Return the month of a moment in a time zone."""
    try:
        local = at.astimezone(zone)
    except OverflowError:  # within a day of the end of the calendar
        local = at
    return local.year, local.month


def month_bounds(year: int, month: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of a month and that of the next, in UTC."""
    return _first_moment(year, month, zone), _first_moment(year + month // 12, month % 12 + 1, zone)


def year_bounds(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of a year and that of the next, in UTC."""
    return _first_moment(year, 1, zone), _first_moment(year + 1, 1, zone)


def _first_moment(year: int, month: int, zone: ZoneInfo) -> datetime:
    try:
        return FIRST if (year, month) == (1, 1) else datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
    except (OverflowError, ValueError):  # after 9999
        return LAST
