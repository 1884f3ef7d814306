"""What goes on beside the requests: it survives any fault, and a database that was emptied is made anew."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, text

from blog.db import db
from blog.db_connections import schema_missing
from blog.importing import job
from blog.server import jobs
from blog.server.jobs import keep_running, keep_schema, make_schema
from blog.settings import Settings
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.databases import on_postgres, on_sqlite
from tests.postgres.test_acts import ask
from tests.speedups import migrated


def test_what_never_ends_goes_on_after_any_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0)
    faults = [ValueError("one"), KeyError("two"), MemoryError()]

    async def work() -> None:
        if faults:
            raise faults.pop()

    asyncio.run(keep_running(work))
    assert faults == []


@on_sqlite
@pytest.mark.parametrize("fault", [ValueError("no number"), PermissionError("closed"), MemoryError()], ids=repr)
def test_imports_that_wait_are_looked_for_again_after_any_fault(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    looked, again = [0], threading.Event()

    def delete_partial_uploads() -> None:
        looked[0] += 1
        if looked[0] == 1:
            raise fault
        again.set()
        threading.Event().wait()  # for as long as the tests run

    monkeypatch.setattr(job, "POLL_SECONDS", 0)
    monkeypatch.setattr(job, "delete_partial_uploads", delete_partial_uploads)
    job.resume_imports(app)
    assert again.wait(30)


@pytest.fixture
def whole(app: Flask) -> Iterator[Flask]:
    """The app on a database that is whole again after the test."""
    schema_missing.clear()
    yield app
    make_schema(app)
    schema_missing.clear()


def drop_tables() -> None:
    db.session.remove()
    tables = MetaData()
    tables.reflect(db.engine)
    if db.engine.name == "sqlite":
        with closing(sqlite3.connect(str(db.engine.url.database))) as connection:
            for name in tables.tables:
                connection.execute(f'DROP TABLE "{name}"')
            connection.commit()
        return
    with db.engine.begin() as connection:
        for name in tables.tables:
            connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')


def delete_rows() -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM site"))


@pytest.mark.parametrize("empty", [drop_tables, delete_rows])
def test_a_database_that_was_emptied_is_made_anew(
    whole: Flask, client: FlaskClient, empty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Written meanwhile"}
    empty()
    assert client.get("/").status_code == 503
    response = client.post(f"/posts/{post.id}/comments", data=form)
    assert response.status_code == 503
    assert "Written meanwhile" in response.text
    monkeypatch.setattr(jobs, "SCHEMA_SECONDS", 0)
    monkeypatch.setattr(jobs, "RESTORE_SECONDS", 0)

    async def heal() -> None:
        task = asyncio.create_task(keep_schema(whole))
        while schema_missing.is_set():
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(heal())
    db.session.remove()
    assert client.get("/").status_code == 200


@on_sqlite
def test_a_deleted_file_is_never_written_to(app: Flask, client: FlaskClient, settings: Settings) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Not into a deleted file"}
    db.session.remove()
    file = settings.blog_instance / "blog.sqlite"
    for part in settings.blog_instance.glob("blog.sqlite*"):
        part.unlink()
    response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 503
    assert "Not into a deleted file" in response.text or "HX-Retarget" in response.headers
    assert not file.exists()  # a backup that is restored finds its place free
    make_schema(app)
    schema_missing.clear()
    assert client.get("/").status_code == 200
    assert count() == 0


@on_sqlite
def test_a_backup_that_replaces_the_file_is_served_from_then_on(
    app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path
) -> None:
    a_comment(a_post("Before the backup"))
    assert "Before the backup" in client.get("/").text
    db.session.remove()
    backup = tmp_path / "backup.sqlite"
    backup.write_bytes(migrated())
    for part in settings.blog_instance.glob("blog.sqlite-*"):
        part.unlink()
    shutil.move(backup, settings.blog_instance / "blog.sqlite")
    assert "Before the backup" not in client.get("/").text
    assert schema_missing.is_set()  # it may be older than this program
    schema_missing.clear()


@on_sqlite
def test_a_server_whose_file_was_deleted_goes_on_without_a_restart(
    blog: Flask, instance: Path, serve: Callable[..., Server]
) -> None:
    post = a_post()
    server = serve()
    assert ask(server, "GET", post.path or "")[0] == 200
    db.session.remove()
    db.engine.dispose()
    for part in instance.glob("blog.sqlite*"):
        part.unlink()
    assert ask(server, "GET", "/")[0] == 503
    while (status := ask(server, "GET", "/")[0]) == 503:
        threading.Event().wait(0.2)
    assert status == 200
    assert ask(server, "GET", post.path or "")[0] == 404


@on_postgres
def test_a_schema_that_was_dropped_and_made_again_is_filled(whole: Flask, client: FlaskClient) -> None:
    a_post()
    with db.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    assert client.get("/").status_code == 503
    make_schema(whole)
    db.session.remove()
    assert client.get("/").status_code == 200
