"""The database: one SQLAlchemy object, the base of all records, and the one way to write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from flask import Flask, abort
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_SECONDS = 10
# what an id or a version can be at most; SQLite would take more
LARGEST_ID = 2**31 - 1

# PostgreSQL: an act takes this lock first, and is announced on this channel when it is committed
WRITING_LOCK = 7_262_512
CHANNEL = "talkback"
TAKE_TURN = f"""
SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', true),
set_config('idle_in_transaction_session_timeout', '{6 * BUSY_SECONDS}s', true),
pg_advisory_xact_lock({WRITING_LOCK}), pg_notify('{CHANNEL}', '')
"""
# a server that fell silent is given up on after some seconds, where the system's own patience would be hours
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# SQLite's busy handler sleeps between its tries; a lock of our own hands over at once. PostgreSQL's does
_writer = threading.RLock()


def now() -> datetime:
    """This moment in UTC, to the millisecond, which is what the database keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as UTC to the millisecond on both databases (SQLite would drop the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept")
        value = value.astimezone(UTC)
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


# not as an attribute of Base: Flask-SQLAlchemy derives from it, and SQLAlchemy takes the map only once
Base.registry.update_type_annotation_map({datetime: Moment})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Record(Base):
    """What every row has."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


@contextmanager
def writing() -> Iterator[None]:
    """One write transaction: ends the read before it, begins for writing, commits once or rolls back.

    Prepare what is slow before entering; load afresh inside what the decision rests on. On both databases one act is
    written at a time, whichever process it is in, so that no two can wait for each other or miss each other's rows.
    """
    db.session.rollback()
    db.session.expire_all()
    with _writer if db.engine.dialect.name == "sqlite" else nullcontext():
        try:
            db.session.connection(execution_options={"writing": True})
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise


def row_id(text: str | None) -> int | None:
    """The id, or the version, that `text` from outside writes out in digits; None where no row can have it."""
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= LARGEST_ID else None


def init(app: Flask) -> None:
    """Bind the database to the app and set up each connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["SETTINGS"].database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(app.config["SETTINGS"].database)
    db.init_app(app)
    app.url_value_preprocessor(_refuse_what_no_row_has)
    with app.app_context():
        prepare(db.engine)


def _refuse_what_no_row_has(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    for value in (values or {}).values():
        if value > LARGEST_ID if isinstance(value, int) else "\0" in str(value):
            abort(404)


def engine_options(url: str) -> dict[str, Any]:
    """How the pool is set up; parameters stay out of errors, since they would put readers' addresses into the log."""
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 20, "hide_parameters": True}
    if (address := make_url(url)).get_backend_name() == "sqlite":
        return options | {"connect_args": {"timeout": BUSY_SECONDS}}
    # an act takes its lock first and must then see what was committed while it waited
    return options | {"pool_pre_ping": True, "isolation_level": "READ COMMITTED", "connect_args": patience(address)}


def patience(address: URL) -> dict[str, Any]:
    """How long psycopg waits for a PostgreSQL server, but for what the address itself says of that."""
    return {name: value for name, value in PATIENCE.items() if name not in address.query}


def prepare(engine: Engine) -> None:
    """Begin transactions ourselves where they are for writing, and on SQLite set its pragmas on each connection."""
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", set_pragmas)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "begin", _take_turn)


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    immediate = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _take_turn(connection: Any) -> None:
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql(TAKE_TURN)
