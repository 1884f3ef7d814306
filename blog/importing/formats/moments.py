"""Read the times of feeds: RFC 3339, or what can be made of others."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import re2

MAX_LENGTH = 80
ODD_TIME = re2.compile(
    r"(?i)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?\s*"
    r"(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?)?"
)


def read_moment(text: str) -> tuple[datetime | None, bool]:
    """Return a time in UTC, and whether the text was usual.

    Missing offsets mean UTC. A second 60 is the next one, a day beyond the end of its month the last one.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), True
    except (ValueError, OverflowError):
        pass
    try:
        return _read_odd(text[:MAX_LENGTH].strip()), False
    except (ValueError, OverflowError, TypeError, IndexError):
        return None, False


def _read_odd(text: str) -> datetime:
    found = ODD_TIME.fullmatch(text)
    if not found:
        moment = parsedate_to_datetime(text)  # RFC 5322
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    year, month, day, hour, minute, second = (int(found[group] or 0) for group in range(1, 7))
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    zone = timezone(-offset if found[8] == "-" else offset)
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= 31 or hour > 24 or minute > 59 or second > 60:
        raise ValueError(text)
    midnight = datetime(year, month, min(day, last), tzinfo=zone)
    fraction = timedelta(microseconds=int((found[7] or "0").ljust(6, "0")))
    return (midnight + timedelta(hours=hour, minutes=minute, seconds=second) + fraction).astimezone(UTC)
