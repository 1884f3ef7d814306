"""Configure the log: UTC times, request ids, errors without values.

An error message may hold what somebody typed, and PostgreSQL names the row that a new one conflicts with. Only what the
database, the system or the network says of itself is logged.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from typing import Any

from flask import g, has_request_context
from sqlalchemy.exc import DBAPIError, OperationalError

FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
# logs sign-ins and account changes too; other loggers only warnings
ACCOUNTS_LOGGER = "blog.editors"
MAX_CAUSES = 5


def configure_logging() -> None:
    """Log to stderr; called once per process of the server."""
    handler = logging.StreamHandler()
    handler.addFilter(add_request_id)
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(ACCOUNTS_LOGGER).setLevel(logging.INFO)


def add_request_id(record: logging.LogRecord) -> bool:
    """Add the random id of the request to a log record."""
    if has_request_context() and "request_id" not in g:
        g.request_id = secrets.token_hex(4)
    record.request_id = g.request_id if has_request_context() else "-"
    return True


def init() -> None:
    """Make all log records of this process describe exceptions without values."""
    make_default = logging.getLogRecordFactory()
    if getattr(make_default, "without_values", False):
        return

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_default(*args, **kwargs)
        if record.exc_info and record.exc_info[1]:
            record.exc_text = traceback_without_values(record.exc_info[1])  # formatters use it unchanged
        return record

    make_record.without_values = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_record)


def traceback_without_values(error: BaseException) -> str:
    """Format an exception and its causes, the first cause first."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause and len(parts) < MAX_CAUSES:
        parts.insert(0, "".join(traceback.format_tb(cause.__traceback__)) + _describe_error(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "Traceback (most recent call last):\n" + "\n\nFrom this came:\n\n".join(parts)


def _describe_error(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OperationalError):
        return f"{name}: {str(error.orig).partition(chr(10))[0]}"
    if isinstance(error, DBAPIError):
        return f"{name}: {type(error.orig).__name__}"
    return f"{name}: {error.strerror}" if isinstance(error, OSError) and error.strerror else name
