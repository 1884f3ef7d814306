"""Provide a PostgreSQL database that is emptied for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import Pool

from blog.db import db
from blog.migrations import migrate

DATABASES = ("sqlite", "postgres")
DEFAULT = "postgresql://127.0.0.1/test"

PREFIX = "talkback_test_"
LEFT_BEHIND = (
    f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%' AND pg_get_userbyid(datdba) = current_user "
    "AND datname NOT IN (SELECT application_name FROM pg_stat_activity WHERE application_name IS NOT NULL)"
)
"""Query for databases that killed runs did not drop."""
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SEQUENCE = "(quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass"

on_both = pytest.mark.parametrize("database", DATABASES, indirect=True)
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("database", ["postgres"], indirect=True)


def server_address() -> str:
    """Return the address of the test server, or skip the test.

    Without a server the test fails if TEST_DATABASE_URL or TALKBACK_NEED_POSTGRES=1 is set.
    """
    address = os.environ.get("TEST_DATABASE_URL", DEFAULT)
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        needed = "TEST_DATABASE_URL" in os.environ or os.environ.get("TALKBACK_NEED_POSTGRES") == "1"
        skip_or_fail(f"No PostgreSQL server answers ({str(error).strip()}).", needed)
    return address


def skip_or_fail(what: str, needed: bool) -> None:
    if needed:
        pytest.fail(what)
    pytest.skip(f"{what} TEST_DATABASE_URL can name one.")


@contextmanager
def new_database(server: str, *options: str) -> Iterator[str]:
    """Create an empty database for the context; yield its address."""
    name = f"{PREFIX}{secrets.token_hex(6)}"
    # the application name marks the database as used
    with psycopg.connect(server, autocommit=True, application_name=name) as connection:
        for (left,) in connection.execute(LEFT_BEHIND).fetchall():
            connection.execute(f"DROP DATABASE IF EXISTS {left} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} {' '.join(options)}".encode())
        # tests need no durability
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def sqlalchemy_address(address: str) -> str:
    """Convert an address for SQLAlchemy."""
    return f"postgresql+psycopg://{address.partition('://')[2]}"


class ReusableDatabase:
    """Empty a migrated database between tests.

    For few rows, DELETE takes a millisecond, and TRUNCATE twenty. One connection is reused, since a new one reads the
    catalogue of the database anew for each table.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        migrate(sqlalchemy_address(address))
        self.engine = create_engine(sqlalchemy_address(address), pool_size=1, pool_pre_ping=True)
        tables = MetaData()
        with self.engine.connect() as connection:
            tables.reflect(connection)
            self.tables = [table for table in tables.sorted_tables if table.name != "alembic_version"]
            self.first: dict[Table, list[dict[str, Any]]] = {
                table: [dict(row) for row in connection.execute(table.select()).mappings()] for table in self.tables
            }
        statements = [f"SELECT pg_terminate_backend(pid) {OTHERS}"]
        statements += [f'DELETE FROM "{table.name}"' for table in reversed(self.tables)]
        statements += [f"SELECT setval({SEQUENCE}, start_value, false) FROM pg_sequences"]
        self.script = ";".join(statements)
        self.opened: list[psycopg.Connection[Any]] = []
        event.listen(Pool, "connect", self._note)

    def _note(self, connection: Any, _record: object) -> None:
        if isinstance(connection, psycopg.Connection):
            self.opened.append(connection)

    def empty(self) -> str:
        """Restore the state after the migrations; return the address."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(self.script)
            for table in self.tables:
                if rows := self.first[table]:
                    connection.execute(table.insert(), rows)
        return self.address

    def leave(self) -> None:
        """Close connections that apps left open; psycopg would warn."""
        for connection in self.opened:
            connection.close()
        self.opened.clear()

    def close(self) -> None:
        event.remove(Pool, "connect", self._note)
        self.engine.dispose()


def dump() -> list[str]:
    """Return every row of every table as text."""
    db.session.rollback()
    with db.engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        return [
            f"{each.name} {tuple(row)}" for each in tables.sorted_tables for row in connection.execute(each.select())
        ]
