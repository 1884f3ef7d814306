"""Set up database connections, their timeouts and error handling."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import URL, Connection, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError

from blog.db_errors import READ_ONLY, is_schema_missing, sqlstate

# for all waiting of one write in sum; for each single wait of a read
WAIT_SECONDS = 4.0
# tolerance before lock_timeout is lowered, so that most statements need no setting
SLACK_SECONDS = 0.25
# PostgreSQL: a write takes this lock first, and its commit notifies this channel
WRITE_LOCK_KEY = 7_262_512
NOTIFY_CHANNEL = "talkback"
IDLE_SECONDS = 60
BEGIN_WRITE_SQL = f"""
SELECT set_config('lock_timeout', '{{milliseconds}}ms', true),
set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', true),
pg_advisory_xact_lock({WRITE_LOCK_KEY}), pg_notify('{NOTIFY_CHANNEL}', '')
"""
# drop an unresponsive server after seconds; the system's defaults are hours
POSTGRES_TIMEOUTS = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "client_encoding": "utf8",
}

clock = time.monotonic
# set when tables are missing; the server then migrates again
schema_missing = threading.Event()


def write_deadline() -> float:
    """Return the deadline of a write that begins now."""
    return clock() + WAIT_SECONDS


def remaining_seconds(until: float) -> float:
    """Return the seconds until a deadline, at least 0.001.

    0 would mean no limit to a database.
    """
    return max(0.001, until - clock())


def engine_options(url: str) -> dict[str, Any]:
    """Return the engine options.

    Parameters are hidden in errors, since they would put readers' addresses into the log.
    """
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "pool_timeout": WAIT_SECONDS}
    options["hide_parameters"] = True
    if (address := make_url(url)).get_backend_name() == "sqlite":
        return options | {"connect_args": {"timeout": WAIT_SECONDS}}
    # a write takes its lock first, and must see what was committed while it waited
    return options | {
        "pool_pre_ping": True,
        "isolation_level": "READ COMMITTED",
        "connect_args": postgres_timeouts(address),
    }


def postgres_timeouts(address: URL) -> dict[str, Any]:
    """Return psycopg's timeouts, except those that the URL sets."""
    return {name: value for name, value in POSTGRES_TIMEOUTS.items() if name not in address.query}


def set_up_engine(engine: Engine) -> None:
    """Register the event handlers of an engine."""
    event.listen(engine, "before_cursor_execute", _strip_nul, retval=True)
    event.listen(engine, "handle_error", _handle_error)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _require_file)
        event.listen(engine, "connect", set_pragmas)
        event.listen(engine, "connect", _store_file_identity)
        event.listen(engine, "checkout", _check_file)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_lock_timeout)
        event.listen(engine, "begin", _begin_postgres)
        event.listen(engine, "before_cursor_execute", _lower_lock_timeout)


def _handle_error(context: ExceptionContext) -> None:
    """Request a migration for missing tables; leave a read-only server."""
    error = context.sqlalchemy_exception
    if error is not None and is_schema_missing(error):
        schema_missing.set()
    if isinstance(error, DBAPIError) and sqlstate(error) == READ_ONLY:
        # after a failover the address may resolve to another server
        context.is_disconnect = True


def _strip_nul(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> Any:
    """Remove NUL from parameters, since PostgreSQL cannot store it."""
    return statement, [_strip_nul_from_row(row) for row in parameters] if isinstance(
        parameters, list
    ) else _strip_nul_from_row(parameters)


def _strip_nul_from_row(row: Any) -> Any:
    values = row.values() if isinstance(row, dict) else row
    if not any(isinstance(value, str) and "\0" in value for value in values):
        return row
    stripped = [value.replace("\0", "") if isinstance(value, str) else value for value in values]
    return dict(zip(row, stripped, strict=True)) if isinstance(row, dict) else tuple(stripped)


def set_pragmas(connection: Any, _record: object = None) -> None:
    # otherwise the driver would begin transactions, too late and never IMMEDIATE
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={WAIT_SECONDS * 1000:.0f}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    until = connection.get_execution_options().get("writing")
    if until is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={remaining_seconds(until) * 1000:.0f}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000:.0f}")


def _require_file(_dialect: Dialect, _record: object, arguments: list[str], _options: dict[str, Any]) -> None:
    """Fail if the file is missing: only migrations create it.

    A backup may be about to be restored there.
    """
    if not os.path.exists(arguments[0]):  # noqa: PTH110
        raise sqlite3.OperationalError("unable to open database file: there is none")


def _store_file_identity(connection: Any, record: Any) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info["file"] = (path, file_identity(path))


def _check_file(_connection: Any, record: Any, _proxy: object) -> None:
    """Reconnect if the file was replaced, or writes would be lost."""
    path, file = record.info["file"]
    if file_identity(path) != file:
        # the new file may be empty or need migrations
        schema_missing.set()
        raise DisconnectionError("the database's file was replaced")


def file_identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file; None if missing."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_lock_timeout(connection: Any, _record: object) -> None:
    """Limit the lock waits of reads, such as for a running restore."""
    connection.execute(f"SET lock_timeout = '{WAIT_SECONDS * 1000:.0f}ms'")
    connection.commit()


def _begin_postgres(connection: Connection) -> None:
    if until := connection.get_execution_options().get("writing"):
        connection.info["lock_timeout"] = remaining_seconds(until)
        connection.exec_driver_sql(BEGIN_WRITE_SQL.format(milliseconds=round(remaining_seconds(until) * 1000) or 1))


def _lower_lock_timeout(
    connection: Connection, _cursor: Any, _statement: str, _parameters: Any, _context: Any, _many: bool
) -> None:
    """Lower lock_timeout to the remaining time.

    PostgreSQL applies it to each lock separately.
    """
    until = connection.get_execution_options().get("writing")
    if until and connection.info["lock_timeout"] - (remaining := remaining_seconds(until)) > SLACK_SECONDS:
        connection.info["lock_timeout"] = remaining
        driver: Any = connection.connection.driver_connection
        driver.execute(f"SET LOCAL lock_timeout = '{round(remaining * 1000) or 1}ms'")
