from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import (
    Boolean,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.pool import NullPool

from blog import create_app, migrations
from blog.db import Base, db, now
from blog.db_connections import WAIT_SECONDS
from blog.errors import WrongSetting
from blog.migrations import migrate
from blog.settings import ROOT, Settings, load
from tests.factories import a_comment, a_post
from tests.live_server import free_port
from tests.postgres.databases import new_database, on_sqlite, server_address, sqlalchemy_address


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blog.sqlite'}"
        return
    with new_database(server_address()) as address:
        yield sqlalchemy_address(address)


def test_migrations_match_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_keep_every_row(empty_database: str) -> None:
    migrate(empty_database, "0001")
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for number in (1, 2):
            for table in tables.sorted_tables:
                if table.name not in {"alembic_version", "site"}:
                    connection.execute(table.insert().values(filled_row(table, number)))
        before = row_counts(connection, tables)
    assert set(before.values()) == {1, 2}
    migrate(empty_database)
    with engine.connect() as connection:
        assert row_counts(connection, tables) == before
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_simultaneous_starts_migrate_once(empty_database: str) -> None:
    program = f"from blog.migrations import migrate; migrate({empty_database!r})"
    processes = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [process.communicate()[1] for process in processes] == ["", "", ""]
    with create_engine(empty_database, poolclass=NullPool).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM site")).scalar_one() == 1


def filled_row(table: Table, number: int) -> dict[str, object]:
    """Fill every column; foreign keys refer to rows of the same number."""
    return {
        column.name: number
        if column.primary_key or column.foreign_keys
        else now()
        if isinstance(column.type, DateTime)
        else True
        if isinstance(column.type, Boolean)
        else b"bytes"
        if isinstance(column.type, LargeBinary)
        else number
        if isinstance(column.type, Integer)
        else f"text {number}"[: column.type.length or 9]
        for column in table.columns
    }


def row_counts(connection: Connection, tables: MetaData) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables.sorted_tables
    }


def test_migrating_again_changes_nothing(app: Flask, settings: Settings) -> None:
    post = a_post(labels=("Birds",))
    a_comment(post, parent=a_comment(post))
    with db.engine.connect() as connection:
        before = row_counts(connection, Base.metadata)
    migrate(settings.database)
    with db.engine.connect() as connection:
        assert row_counts(connection, Base.metadata) == before


def test_database_of_a_newer_version_is_refused(empty_database: str) -> None:
    migrate(empty_database)
    with create_engine(empty_database, poolclass=NullPool).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSetting, match="newer version"):
        migrate(empty_database)


@pytest.mark.parametrize(
    "address",
    ["postgresql://ann:secret@127.0.0.1:1/blog", "postgresql://ann:secret@127.0.0.1:port/blog", "postgres://[::1/blog"],
)
def test_unreachable_server_is_reported_without_the_password(address: str) -> None:
    with pytest.raises(WrongSetting, match="cannot be used") as refusal:
        migrate(load({"DATABASE_URL": address}).database)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_other_file_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "blog.sqlite"
    path.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(WrongSetting, match="cannot be used"):
        migrate(f"sqlite:///{path}")
    assert path.read_text().startswith("This is a letter")


@on_sqlite
def test_sqlite_pragmas_are_durable(app: Flask, settings: Settings) -> None:
    """Open an app as the server does; that of the fixture does not sync."""

    def pragma(name: str) -> object:
        return db.session.execute(text(f"PRAGMA {name}")).scalar()

    with create_app(settings).app_context():
        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2
        assert pragma("foreign_keys") == 1
        assert int(str(pragma("busy_timeout"))) == WAIT_SECONDS * 1000


RELEASED = {
    name: digest
    for digest, name in (line.split() for line in (ROOT / "tests/landed_migrations.txt").read_text().splitlines())
}


def test_released_migrations_are_unchanged() -> None:
    """Compare with tests/landed_migrations.txt, made by `sha256sum`."""
    versions = (ROOT / "blog/migrations/versions").glob("*.py")
    assert {path.name: sha256(path.read_bytes()).hexdigest() for path in versions} == RELEASED


def test_database_of_the_early_fifth_migration_is_completed(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = tmp_path / "early"
    shutil.copytree(ROOT / "blog/migrations", early, ignore=shutil.ignore_patterns("__pycache__"))
    fifth = early / "versions/0005_the_conversation.py"
    kept = [line for line in fifth.read_text().splitlines(keepends=True) if "submission_key" not in line]
    fifth.write_text("".join(kept))
    # the migration as first released, byte for byte
    digest = "bdf57ae20b63726d1f9715254c6acc0597be015955dfadc717020f043708b18a"
    assert sha256(fifth.read_bytes()).hexdigest() == digest
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "__file__", str(early / "__init__.py"))
        migrate(empty_database, "0005")
    engine = create_engine(empty_database, poolclass=NullPool)
    assert "submission_key" not in {column["name"] for column in inspect(engine).get_columns("posts")}
    migrate(empty_database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_database_without_utf8_is_refused(encoding: str, tmp_path: Path) -> None:
    options = f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with new_database(server_address(), options) as address:
        with pytest.raises(WrongSetting, match=f"is encoded in {encoding}") as refusal:
            migrate(sqlalchemy_address(address))
        assert "\n" not in str(refusal.value)
        environment = {**os.environ, "DATABASE_URL": address, "BLOG_INSTANCE": str(tmp_path), "PORT": str(free_port())}
        for program in (["-m", "blog.server"], ["-m", "flask", "stats"]):
            result = subprocess.run(
                [sys.executable, *program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            assert (result.returncode, result.stdout, result.stderr) == (2, "", f"{refusal.value}\n")


def test_migration_stores_the_domains_of_old_comments(empty_database: str) -> None:
    migrate(empty_database, "0005")
    engine = create_engine(empty_database, poolclass=NullPool)
    link = '<p><a href="https://www.shop.example/?a=1&amp;b=2">x</a> <a href="https://a.example">y</a></p>'
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        posts, comments = tables.tables["posts"], tables.tables["comments"]
        connection.execute(posts.insert().values(filled_row(posts, 1)))
        for number, (website, body_html) in enumerate(
            [("https://A.example/me", link), ("", "<p>x</p>"), ("no", link)], 1
        ):
            row = filled_row(comments, number) | dict.fromkeys(("parent_id", "branch_id", "top_id", "editor_id"))
            row |= {"post_id": 1, "website": website, "body_html": body_html}
            connection.execute(comments.insert().values(row))
    migrate(empty_database)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT comment_id, domain FROM comment_domains ORDER BY comment_id, domain"))
        assert found.all() == [(number, domain) for number in (1, 3) for domain in ("a.example", "shop.example")]


def test_migration_stores_the_branches_of_old_comments(empty_database: str) -> None:
    migrate(empty_database, "0004")
    engine = create_engine(empty_database, poolclass=NullPool)
    parents = {1: None, 2: 1, 3: 2, 4: None, 5: 4, 6: None}
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        posts, comments = tables.tables["posts"], tables.tables["comments"]
        connection.execute(posts.insert().values(filled_row(posts, 1)))
        for number, parent in parents.items():
            row = filled_row(comments, number) | {"post_id": 1, "parent_id": parent, "branch_id": parent}
            row["status"] = "held" if number in {4, 6} else "visible"
            connection.execute(comments.insert().values(row))
    migrate(empty_database)
    with engine.connect() as connection:
        branches = connection.execute(text("SELECT id, root_id, branch_count FROM comments ORDER BY id")).all()
        assert branches == [(1, None, 3), (2, 1, 0), (3, 1, 0), (4, None, 1), (5, 4, 0), (6, None, 0)]
        assert connection.execute(text("SELECT top_count FROM posts")).scalar_one() == 2


def test_migration_removes_bidi_controls_from_stored_names(empty_database: str) -> None:
    migrate(empty_database, "0024")
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        posts, comments = tables.tables["posts"], tables.tables["comments"]
        connection.execute(posts.insert().values(filled_row(posts, 1) | {"title": "\u2066Herons\u2069 80 % \u200f"}))
        for number, name in ((1, "\u202ennA"), (2, "Ann_%"), (3, "علی\u200c")):
            row = filled_row(comments, number) | {"name": name, "post_id": 1, "editor_id": None}
            connection.execute(comments.insert().values(row))
    migrate(empty_database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM comments ORDER BY id")).scalars().all() == [
            "nnA",
            "Ann_%",
            "علی\u200c",
        ]
        assert connection.execute(text("SELECT title FROM posts")).scalar_one() == "Herons 80 % "


def test_renamed_columns_keep_their_values(empty_database: str) -> None:
    migrate(empty_database, "0016")
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        old = MetaData()
        old.reflect(connection)
        for table in old.sorted_tables:
            if table.name not in {"alembic_version", "site"}:
                connection.execute(table.insert().values(filled_row(table, 1)))
        before = {table.name: contents(connection, table) for table in old.sorted_tables}
    migrate(empty_database, "0017")
    with engine.connect() as connection:
        new = MetaData()
        new.reflect(connection)
        after = {table.name: contents(connection, table) for table in new.sorted_tables}
    assert {name for name, row in before.items() if row != after[name]} == {"alembic_version"}
    columns = {(table.name, column.name) for table in new.sorted_tables for column in table.columns}
    removed = {(table.name, column.name) for table in old.sorted_tables for column in table.columns} - columns
    assert removed == {
        ("comments", "branch_id"),
        ("comments", "top_id"),
        ("site", "steps"),
        ("audit", "together"),
        ("notices", "told_at"),
        ("editors", "held_told_id"),
        ("editors", "held_told_at"),
        ("lessons", "takes_back"),
    }


def contents(connection: Connection, table: Table) -> list[tuple[object, ...]]:
    """Return all rows by position, since names change."""
    return [tuple(row) for row in connection.execute(select(table))]
