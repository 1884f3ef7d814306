"""Test that background jobs survive exceptions and restore the schema."""

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
from blog.server.jobs import restore_schema, run_forever, watch_schema
from blog.settings import Settings
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.databases import on_postgres, on_sqlite
from tests.postgres.test_acts import http_request
from tests.speedups import migrated_sqlite_file


def test_job_is_restarted_after_any_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0)
    faults = [ValueError("one"), KeyError("two"), MemoryError()]

    async def work() -> None:
        if faults:
            raise faults.pop()

    asyncio.run(run_forever(work))
    assert faults == []


@on_sqlite
@pytest.mark.parametrize("fault", [ValueError("no number"), PermissionError("closed"), MemoryError()], ids=repr)
def test_import_job_continues_after_any_exception(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    sweeps, again = [0], threading.Event()

    def delete_partial_uploads() -> None:
        sweeps[0] += 1
        if sweeps[0] == 1:
            raise fault
        again.set()
        threading.Event().wait()  # until the tests end

    monkeypatch.setattr(job, "POLL_SECONDS", 0)
    monkeypatch.setattr(job, "delete_partial_uploads", delete_partial_uploads)
    job.resume_imports(app)
    assert again.wait(30)


@pytest.fixture
def restored_app(app: Flask) -> Iterator[Flask]:
    """Restore the schema after the test."""
    schema_missing.clear()
    yield app
    restore_schema(app)
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
def test_emptied_database_is_restored(
    restored_app: Flask, client: FlaskClient, empty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
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

    async def wait_for_schema() -> None:
        task = asyncio.create_task(watch_schema(restored_app))
        while schema_missing.is_set():
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(wait_for_schema())
    db.session.remove()
    assert client.get("/").status_code == 200


@on_sqlite
def test_deleted_database_file_is_never_written(app: Flask, client: FlaskClient, settings: Settings) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Not into a deleted file"}
    db.session.remove()
    file = settings.blog_instance / "blog.sqlite"
    for part in settings.blog_instance.glob("blog.sqlite*"):
        part.unlink()
    response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 503
    assert "Not into a deleted file" in response.text or "HX-Retarget" in response.headers
    assert not file.exists()  # a backup may be restored there
    restore_schema(app)
    schema_missing.clear()
    assert client.get("/").status_code == 200
    assert count() == 0


@on_sqlite
def test_restored_backup_is_served(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    a_comment(a_post("Before the backup"))
    assert "Before the backup" in client.get("/").text
    db.session.remove()
    backup = tmp_path / "backup.sqlite"
    backup.write_bytes(migrated_sqlite_file())
    for part in settings.blog_instance.glob("blog.sqlite-*"):
        part.unlink()
    shutil.move(backup, settings.blog_instance / "blog.sqlite")
    assert "Before the backup" not in client.get("/").text
    assert schema_missing.is_set()  # the backup may need migrations
    schema_missing.clear()


@on_sqlite
def test_server_recovers_from_a_deleted_database_file(
    blog: Flask, instance: Path, serve: Callable[..., Server]
) -> None:
    post = a_post()
    server = serve()
    assert http_request(server, "GET", post.path or "")[0] == 200
    db.session.remove()
    db.engine.dispose()
    for part in instance.glob("blog.sqlite*"):
        part.unlink()
    assert http_request(server, "GET", "/")[0] == 503
    while (status := http_request(server, "GET", "/")[0]) == 503:
        threading.Event().wait(0.2)
    assert status == 200
    assert http_request(server, "GET", post.path or "")[0] == 404


@on_postgres
def test_recreated_schema_is_filled(restored_app: Flask, client: FlaskClient) -> None:
    a_post()
    with db.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    assert client.get("/").status_code == 503
    restore_schema(restored_app)
    db.session.remove()
    assert client.get("/").status_code == 200
