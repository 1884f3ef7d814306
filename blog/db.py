"""The database: one SQLAlchemy object, the base of all records, and the one way to write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask, abort
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from blog.db_connections import deadline, engine_options, left, prepare
from blog.db_errors import Busy

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# what an id or a version can be at most; SQLite would take more
LARGEST_ID = 2**31 - 1

# SQLite's busy handler sleeps between its tries; a lock of our own hands over at once. PostgreSQL's does
_writer = threading.Lock()


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

    All waiting for others ends WAIT_SECONDS after the call: for this process's lock, for the database's, for rows. A
    write that has its locks by then may finish its work. Raises Busy, or the database's own error; is_temporary() is
    true of both.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("writing() does not nest: the inner one would undo what the outer one wrote")
    session.rollback()
    session.expire_all()
    until = deadline()
    with _turn(until):
        session.info["writing"] = True
        try:
            session.connection(execution_options={"writing": until})
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False


@contextmanager
def _turn(until: float) -> Iterator[None]:
    """Hold this process's lock for writing; on PostgreSQL the server's own lock is enough."""
    if db.engine.dialect.name != "sqlite":
        yield
    elif not _writer.acquire(timeout=left(until)):
        raise Busy("other writes of this process kept the database too long")
    else:
        try:
            yield
        finally:
            _writer.release()


def row_id(text: str | None) -> int | None:
    """The id, or the version, that `text` from outside writes out in digits; None where no row can have it."""
    text = text or ""
    return int(text) if len(text) < 11 and text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else None


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
