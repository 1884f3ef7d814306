"""Test the disk reserve that lets editors work on a full disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from blog import disk_reserve
from blog.db import db
from blog.disk_reserve import fill_reserve, make_room_to_start
from blog.editors.models import EditorSession
from blog.posts.models import Label
from blog.settings import Settings
from tests.factories import a_post, answer, count, csrf, sign_in, signed_in
from tests.postgres.databases import on_postgres, on_sqlite
from tests.web.test_error_pages import sqlite_error

FULL = 13


@pytest.fixture
def reserve_file(settings: Settings) -> Path:
    return settings.blog_instance / "blog.sqlite-reserve"


@pytest.fixture
def full(app: Flask, reserve_file: Path) -> Iterator[None]:
    """Make every write fail while the reserve file exists."""
    fill_reserve()

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if reserve_file.exists() and statement.startswith(("INSERT", "UPDATE", "DELETE")):
            raise sqlite_error(FULL, "database or disk is full")

    event.listen(db.engine, "before_cursor_execute", fail)
    yield
    event.remove(db.engine, "before_cursor_execute", fail)


@on_sqlite
def test_only_correct_password_uses_the_reserve(app: Flask, reserve_file: Path, request: pytest.FixtureRequest) -> None:
    signed_in(app)
    post = a_post()
    request.getfixturevalue("full")
    reader, client = app.test_client(), app.test_client()
    response = answer(reader, post, "Kept on a full disk")
    assert response.status_code == 503
    assert "Kept on a full disk" in response.text
    assert sign_in(client, "ed@example.org", "a wrong password").status_code == 503
    assert sign_in(client, "nobody@example.org", "a wrong password").status_code == 503
    assert reserve_file.stat().st_size == disk_reserve.RESERVE_BYTES
    assert sign_in(client, "ed@example.org", "a sentence to remember").status_code == 303
    assert not reserve_file.exists()
    assert client.get("/desk/posts").status_code == 200
    assert count() == 0


@on_sqlite
def test_signed_in_editor_deletes_at_second_try(app: Flask, reserve_file: Path, request: pytest.FixtureRequest) -> None:
    client = signed_in(app)
    a_post(labels=("Birds",))
    form = {"csrf_token": csrf(client, "/desk/labels/1")}
    request.getfixturevalue("full")
    tries = [client.delete("/desk/labels/1", data=form).status_code for _ in range(2)]
    assert tries == [503, 303]
    assert db.session.scalar(select(func.count(Label.id))) == 0


@on_sqlite
def test_sign_out_works_at_first_try(app: Flask, request: pytest.FixtureRequest) -> None:
    client = signed_in(app)
    form = {"csrf_token": csrf(client, "/desk/settings")}
    request.getfixturevalue("full")
    assert client.delete("/desk/session", data=form).status_code == 303
    assert db.session.scalar(select(func.count(EditorSession.id))) == 0


@on_sqlite
def test_reserve_is_created_only_with_free_space(
    app: Flask, reserve_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = SimpleNamespace(free=disk_reserve.ROOM_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: free)
    fill_reserve()
    assert not reserve_file.exists()
    free.free = disk_reserve.ROOM_BYTES
    fill_reserve()
    fill_reserve()
    assert reserve_file.stat().st_size == disk_reserve.RESERVE_BYTES
    assert reserve_file.stat().st_mode & 0o777 == 0o600
    make_room_to_start(app.config["SETTINGS"].database)
    assert reserve_file.exists()
    free.free = 0
    make_room_to_start(app.config["SETTINGS"].database)
    assert not reserve_file.exists()


@on_postgres
def test_postgresql_has_no_reserve(app: Flask, settings: Settings) -> None:
    fill_reserve()
    assert list(settings.blog_instance.glob("*reserve*")) == []
