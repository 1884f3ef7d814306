"""Configure the log: text or JSON, UTC times, request ids, errors without values.

A line for each request that Flask answers names the route, such as `/<path:path>`, and never the address. An error
message may hold what somebody typed, and PostgreSQL names the row that a new one conflicts with. Only what the
database, the system or the network says of itself is logged.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
import traceback
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.exc import DBAPIError, OperationalError

TEXT, JSON = "text", "json"
FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
requests_log = logging.getLogger("blog.requests")
REQUEST_FIELDS = ("method", "route", "status", "milliseconds")
# logs sign-ins and account changes too; other loggers only warnings
ACCOUNTS_LOGGER = "blog.editors"
MAX_CAUSES = 5


def configure_logging(style: str = TEXT, with_requests: bool = False) -> None:
    """Log to stderr; called in each process of the server."""
    handler = logging.StreamHandler()
    handler.addFilter(add_request_id)
    formatter = JSONFormatter(datefmt=TIME_FORMAT) if style == JSON else logging.Formatter(FORMAT, TIME_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(ACCOUNTS_LOGGER).setLevel(logging.INFO)
    requests_log.setLevel(logging.INFO if with_requests else logging.WARNING)


class JSONFormatter(logging.Formatter):
    """Format a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in REQUEST_FIELDS if hasattr(record, name)}
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


def log_requests(app: Flask) -> None:
    """Log each request with its route, status and duration."""
    app.before_request_funcs.setdefault(None, []).insert(0, _start_clock)
    app.after_request(_log_request)


def _start_clock() -> None:
    g.started_at = time.perf_counter()


def _log_request(response: Response) -> Response:
    if requests_log.isEnabledFor(logging.INFO):
        route = request.url_rule.rule if request.url_rule else "-"
        milliseconds = round(1000 * (time.perf_counter() - g.get("started_at", time.perf_counter())), 1)
        values = (request.method, route, response.status_code, milliseconds)
        fields = dict(zip(REQUEST_FIELDS, values, strict=True))
        requests_log.info("%s %s %d %.1f ms", *values, extra=fields)
    return response


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
