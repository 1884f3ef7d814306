from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from blog.db import Base, db
from blog.migrations import migrate
from blog.settings import Settings, WrongSetting
from tests.cast import a_comment, a_post


def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_keeps_every_row_of_every_table(app: Flask, settings: Settings) -> None:
    post = a_post(labels=("Birds",))
    a_comment(post, parent=a_comment(post))

    def rows() -> dict[str, int]:
        db.session.rollback()
        return {t.name: db.session.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables}

    before = rows()
    assert all(before.values())
    migrate(settings.database)
    assert rows() == before


def test_a_database_of_a_newer_program_is_refused_in_one_sentence(app: Flask, settings: Settings) -> None:
    with create_engine(settings.database, poolclass=NullPool).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSetting, match="newer version"):
        migrate(settings.database)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "blog.sqlite"
    path.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(WrongSetting, match="cannot be used"):
        migrate(f"sqlite:///{path}")
    assert path.read_text().startswith("This is a letter")


def test_sqlite_is_set_up_to_lose_nothing(app: Flask) -> None:
    def pragma(name: str) -> object:
        return db.session.execute(text(f"PRAGMA {name}")).scalar()

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("foreign_keys") == 1
    assert int(str(pragma("busy_timeout"))) >= 5000
