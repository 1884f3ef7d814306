"""Connections to the database: how each is set up, how long it waits, and what its errors set going."""

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

# for all that one write waits for together; a read waits no longer for any one thing
WAIT_SECONDS = 4.0
# how much longer a lock may be waited for than the rest of that, so that most statements need no setting of their own
SLACK_SECONDS = 0.25
# PostgreSQL: an act takes this lock first, and is announced on this channel when it is committed
WRITING_LOCK = 7_262_512
CHANNEL = "talkback"
IDLE_SECONDS = 60
TAKE_TURN = f"""
SELECT set_config('lock_timeout', '{{milliseconds}}ms', true),
set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', true),
pg_advisory_xact_lock({WRITING_LOCK}), pg_notify('{CHANNEL}', '')
"""
# a server that fell silent is given up on after some seconds, where the system's own patience would be hours
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "client_encoding": "utf8",
}

clock = time.monotonic
# set when tables are found missing; the server then migrates again
schema_missing = threading.Event()


def deadline() -> float:
    """Return when a write that begins now has waited long enough."""
    return clock() + WAIT_SECONDS


def left(until: float) -> float:
    """Return the seconds until then, at least a millisecond: 0 would mean no limit to a database."""
    return max(0.001, until - clock())


def engine_options(url: str) -> dict[str, Any]:
    """How the pool is set up; parameters stay out of errors, since they would put readers' addresses into the log."""
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "pool_timeout": WAIT_SECONDS}
    options["hide_parameters"] = True
    if (address := make_url(url)).get_backend_name() == "sqlite":
        return options | {"connect_args": {"timeout": WAIT_SECONDS}}
    # an act takes its lock first and must then see what was committed while it waited
    return options | {"pool_pre_ping": True, "isolation_level": "READ COMMITTED", "connect_args": patience(address)}


def patience(address: URL) -> dict[str, Any]:
    """How long psycopg waits for a PostgreSQL server, but for what the address itself says of that."""
    return {name: value for name, value in PATIENCE.items() if name not in address.query}


def prepare(engine: Engine) -> None:
    """Set up each connection, begin transactions ourselves where they are for writing, and look at each error."""
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    event.listen(engine, "handle_error", _notice)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _refuse_to_make)
        event.listen(engine, "connect", set_pragmas)
        event.listen(engine, "connect", _note_file)
        event.listen(engine, "checkout", _check_file)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "connect", _limit_waiting)
        event.listen(engine, "begin", _take_turn)
        event.listen(engine, "before_cursor_execute", _shorten_waiting)


def _notice(context: ExceptionContext) -> None:
    """Have the server migrate again where tables are missing, and leave a PostgreSQL server that became read-only."""
    error = context.sqlalchemy_exception
    if error is not None and is_schema_missing(error):
        schema_missing.set()
    if isinstance(error, DBAPIError) and sqlstate(error) == READ_ONLY:
        # after a failover the address may lead to another server, which new connections find
        context.is_disconnect = True


def _without_nul(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> Any:
    """PostgreSQL keeps no NUL, which no text needs; nor does SQLite then."""
    return statement, [_stripped(row) for row in given] if isinstance(given, list) else _stripped(given)


def _stripped(row: Any) -> Any:
    values = row.values() if isinstance(row, dict) else row
    if not any(isinstance(value, str) and "\0" in value for value in values):
        return row
    bare = [value.replace("\0", "") if isinstance(value, str) else value for value in values]
    return dict(zip(row, bare, strict=True)) if isinstance(row, dict) else tuple(bare)


def set_pragmas(connection: Any, _record: object = None) -> None:
    # the driver must not begin on its own: it would begin too late and never IMMEDIATE
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={WAIT_SECONDS * 1000:.0f}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    until = connection.get_execution_options().get("writing")
    if until is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={left(until) * 1000:.0f}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000:.0f}")


def _refuse_to_make(_dialect: Dialect, _record: object, arguments: list[str], _options: dict[str, Any]) -> None:
    """Fail where there is no file: only migrating makes one, so that a restored backup finds its place free."""
    if not os.path.exists(arguments[0]):  # noqa: PTH110
        raise sqlite3.OperationalError("unable to open database file: there is none")


def _note_file(connection: Any, record: Any) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info["file"] = (path, file_at(path))


def _check_file(_connection: Any, record: Any, _proxy: object) -> None:
    """Open the file anew where it was deleted or replaced: what is written to the old one is lost."""
    path, file = record.info["file"]
    if file_at(path) != file:
        # what is there now may be empty, or older than this program
        schema_missing.set()
        raise DisconnectionError("the database's file was replaced")


def file_at(path: str) -> tuple[int, int] | None:
    """Identify the file that is there now; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _limit_waiting(connection: Any, _record: object) -> None:
    """Let reads too wait no longer than WAIT_SECONDS for a lock, such as one that a restore holds."""
    connection.execute(f"SET lock_timeout = '{WAIT_SECONDS * 1000:.0f}ms'")
    connection.commit()


def _take_turn(connection: Connection) -> None:
    if until := connection.get_execution_options().get("writing"):
        connection.info["waits"] = left(until)
        connection.exec_driver_sql(TAKE_TURN.format(milliseconds=round(left(until) * 1000) or 1))


def _shorten_waiting(
    connection: Connection, _cursor: Any, _statement: str, _given: Any, _context: Any, _many: bool
) -> None:
    """Lower lock_timeout to what is left of the deadline: PostgreSQL counts for each lock anew."""
    until = connection.get_execution_options().get("writing")
    if until and connection.info["waits"] - (rest := left(until)) > SLACK_SECONDS:
        connection.info["waits"] = rest
        driver: Any = connection.connection.driver_connection
        driver.execute(f"SET LOCAL lock_timeout = '{round(rest * 1000) or 1}ms'")
