"""Define the SQLAlchemy object, the base of all records, and writing()."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from flask import Flask, abort
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from blog.db_connections import engine_options, remaining_seconds, set_up_engine, write_deadline
from blog.db_errors import DatabaseBusy

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# largest id or version on PostgreSQL; SQLite would store more
MAX_ID = 2**31 - 1

Affects = Literal["content", "thread", "nothing"]
# the column belongs to the model of the site, which this module may not import
RAISE_CONTENT_VERSION = text("UPDATE site SET content_version = content_version + 1")

# SQLite's busy handler sleeps between its tries; this lock hands over at once, as PostgreSQL's does
_write_lock = threading.Lock()


def now() -> datetime:
    """Return the time in UTC, to the millisecond like the database."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Moment(TypeDecorator[datetime]):
    """Store an aware time as UTC in milliseconds on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


# not a class attribute: Flask-SQLAlchemy subclasses Base, and SQLAlchemy accepts the map only once
Base.registry.update_type_annotation_map({datetime: Moment})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Record(Base):
    """Serve as the base of all models: id and times."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


@contextmanager
def writing(affects: Affects = "content") -> Iterator[None]:
    """Run one write transaction: begin, commit once, or roll back.

    `affects` says what cached pages must learn of it: "content" raises `site.content_version`, on which every public
    page depends. "thread" is for `changing_threads()`, which raises the versions of the threads and of the counts.
    "nothing" is for writes that change no public page, such as mail, sessions and the audit log.

    Prepare what is slow before entering; inside, load again what the decision depends on. On both databases only one
    process writes at a time, so writes never deadlock or miss each other's rows.

    All waiting, for the lock of this process, of the database and of rows, ends WAIT_SECONDS after the call. A write
    that has its locks by then may finish. Raises: DatabaseBusy, or the database's error; is_temporary() is true of
    both.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("writing() does not nest: the inner one would roll back the outer one")
    session.rollback()
    session.expire_all()
    until = write_deadline()
    with _process_lock(until):
        session.info["writing"] = True
        try:
            session.connection(execution_options={"writing": until})
            yield
            if affects == "content":
                session.execute(RAISE_CONTENT_VERSION)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False


@contextmanager
def _process_lock(until: float) -> Iterator[None]:
    """Hold the write lock of this process; PostgreSQL has its own."""
    if db.engine.dialect.name != "sqlite":
        yield
    elif not _write_lock.acquire(timeout=remaining_seconds(until)):
        raise DatabaseBusy("other writes of this process took too long")
    else:
        try:
            yield
        finally:
            _write_lock.release()


def parse_id(text: str | None) -> int | None:
    """Parse an id or version from a request; None if impossible."""
    text = text or ""
    return int(text) if len(text) < 11 and text.isascii() and text.isdigit() and int(text) <= MAX_ID else None


def init(app: Flask) -> None:
    """Bind the database to the app and set up its connections."""
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["SETTINGS"].database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(app.config["SETTINGS"].database)
    db.init_app(app)
    app.url_value_preprocessor(_reject_impossible_values)
    with app.app_context():
        set_up_engine(db.engine)


def _reject_impossible_values(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    for value in (values or {}).values():
        if value > MAX_ID if isinstance(value, int) else "\0" in str(value):
            abort(404)
