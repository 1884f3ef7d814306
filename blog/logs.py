"""What the log says of errors: where they arose and of which kind, without the values that their messages repeat.

A message may hold what somebody typed, and PostgreSQL names the row that a new one collides with. Only what the
database, the system or the network said of itself is written down.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError

MAX_CAUSES = 5


def init() -> None:
    """Have every record of this process describe its exception so, whichever handler writes it."""
    make = logging.getLogRecordFactory()
    if getattr(make, "without_values", False):
        return

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.exc_info and record.exc_info[1]:
            record.exc_text = described(record.exc_info[1])  # formatters take it as it is
        return record

    make_record.without_values = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_record)


def described(error: BaseException) -> str:
    """Return the traceback of an exception and of its causes, the first cause first."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause and len(parts) < MAX_CAUSES:
        parts.insert(0, "".join(traceback.format_tb(cause.__traceback__)) + _kind(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "Traceback (most recent call last):\n" + "\n\nFrom this came:\n\n".join(parts)


def _kind(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OperationalError):
        return f"{name}: {str(error.orig).partition(chr(10))[0]}"
    if isinstance(error, DBAPIError):
        return f"{name}: {type(error.orig).__name__}"
    return f"{name}: {error.strerror}" if isinstance(error, OSError) and error.strerror else name
