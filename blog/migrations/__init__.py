"""Create and migrate the database on a separate connection."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from blog.db_connections import postgres_timeouts, set_pragmas
from blog.errors import WrongSetting

MIGRATION_LOCK_KEY = 7_262_511
# longer than for requests: another process may be migrating
MIGRATION_WAIT_SECONDS = 30


def migrate(url: str, revision: str = "head") -> None:
    """Create or migrate the database. Raises: WrongSetting."""
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        # before SQLAlchemy's first query, which fails if texts are returned as bytes
        event.listen(engine, "connect", _check_encoding, insert=True)
    try:
        with engine.begin() as connection:
            _upgrade(connection, revision)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise WrongSetting(
            f"The database {engine.url.render_as_string()} cannot be used ({reason}): "
            "see that it is reachable and that this user may write to it, then start again."
        ) from error


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
    except (ValueError, SQLAlchemyError) as error:
        raise WrongSetting(
            "DATABASE_URL cannot be used, since it is no whole address: "
            "it should look like postgresql://name:password@host:5432/database."
        ) from error
    limits = {} if address.get_backend_name() == "sqlite" else postgres_timeouts(address)
    return create_engine(address, poolclass=NullPool, connect_args=limits)


def _set_up_sqlite(connection: Any, record: object) -> None:
    set_pragmas(connection, record)
    # batch mode drops a table to rebuild it; with foreign keys on, that deletes referring rows
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute(f"PRAGMA busy_timeout={MIGRATION_WAIT_SECONDS * 1000}")


def is_current(connection: Connection) -> bool:
    """Return whether the database has all migrations."""
    return MigrationContext.configure(connection).get_current_revision() == _head_revision()


# saves 90 % of a readiness check
@cache
def _head_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _check_encoding(connection: Any, _record: object) -> None:
    name, encoding = connection.info.dbname, connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise WrongSetting(
            f"The database {name} is encoded in {encoding}, which cannot hold every text: "
            "make one with createdb --encoding UTF8 --template template0, then set DATABASE_URL to it."
        )


def _upgrade(connection: Connection, revision: str) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK_KEY})
    config = _config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise WrongSetting(
            "The database was made by a newer version of this program: update the program, then start again."
        )
    command.upgrade(config, revision)
    if sqlite and (broken_row := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise WrongSetting(
            f"The migration would leave a row of {broken_row[0]} without what it refers to: nothing was changed."
        )
