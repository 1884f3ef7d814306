"""Test uploads at the desk, and the imports that their workers run."""

from __future__ import annotations

import errno
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from blog.db import db, now, writing
from blog.db_errors import DatabaseBusy
from blog.importing import job
from blog.importing.models import BROKEN, DONE, REFUSED, RUNNING, WAITING, Import
from blog.posts.models import Post
from tests.factories import HTMX, csrf, signed_in
from tests.postgres.databases import on_sqlite

SAMPLE = Path(__file__).parent / "samples" / "blogger.xml"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the imports for which a worker would be started."""
    import_ids: list[int] = []
    monkeypatch.setattr(job, "start_worker", import_ids.append)
    return import_ids


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def upload(desk: FlaskClient, content: bytes, name: str = "blog.xml", **fields: str):
    form = {"csrf_token": csrf(desk, "/desk/imports"), "export": (io.BytesIO(content), name)} | fields
    return desk.post("/desk/imports", data=form, content_type="multipart/form-data")


def reload(import_id: int) -> Import:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Import, import_id)


def test_an_uploaded_export_is_imported_and_reported(desk: FlaskClient, started: list[int]) -> None:
    answer = upload(desk, SAMPLE.read_bytes())
    assert answer.status_code == 303
    (import_id,) = started
    assert reload(import_id).state == WAITING
    assert "Waiting to start" in desk.get(answer.location).text
    job.run_import(import_id)
    assert reload(import_id).state == DONE
    assert db.session.query(Post).count() > 0
    page = desk.get(answer.location)
    assert "The import is complete." in page.text
    assert "every 1s" not in desk.get(answer.location, headers=HTMX).text
    assert not job.export_path(import_id).exists()


def test_a_broken_file_is_reported_with_its_uploaded_name(desk: FlaskClient, started: list[int]) -> None:
    answer = upload(desk, b"<feed><entry>", "my blog.xml")
    job.run_import(started[0])
    assert reload(started[0]).state == REFUSED
    page = desk.get(answer.location).text
    assert "Nothing was imported." in page
    assert str(job.export_path(started[0]).parent) not in page


def test_a_missing_file_or_an_invalid_url_is_reported_at_the_field(desk: FlaskClient, started: list[int]) -> None:
    form = {"csrf_token": csrf(desk, "/desk/imports")}
    assert "Choose the file first" in desk.post("/desk/imports", data=form).text
    assert "begins with https://" in upload(desk, b"x", blog_url="blog.example").text
    assert started == []


def test_only_one_worker_runs_an_import_until_its_lease_expires(
    desk: FlaskClient, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(desk, SAMPLE.read_bytes())
    with writing():
        record = db.session.get_one(Import, started[0])
        record.state, record.leased_until = RUNNING, now() + timedelta(minutes=1)
    job.run_import(started[0])
    assert reload(started[0]).state == RUNNING
    job.resume_imports()
    assert started == started[:1]
    with writing():
        db.session.get_one(Import, started[0]).leased_until = now() - timedelta(seconds=1)
    job.resume_imports()
    assert started == [started[0]] * 2
    job.run_import(started[0])
    assert reload(started[0]).state == DONE


def test_only_editors_upload_and_see_imports(app: Flask, started: list[int]) -> None:
    nobody = app.test_client()
    token = csrf(nobody, "/desk/sign-in")
    form = {"csrf_token": token, "export": (io.BytesIO(SAMPLE.read_bytes()), "blog.xml")}
    assert nobody.post("/desk/imports", data=form, content_type="multipart/form-data").status_code == 403
    assert nobody.get("/desk/imports").status_code == 303
    assert nobody.get("/desk/imports/1").status_code == 303
    assert started == []


def test_an_upload_without_its_csrf_token_is_refused(desk: FlaskClient, started: list[int]) -> None:
    form = {"export": (io.BytesIO(b"x"), "blog.xml")}
    assert desk.post("/desk/imports", data=form, content_type="multipart/form-data").status_code == 400
    assert started == []


def failing(error: Exception):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_an_unexpected_error_ends_the_import_with_a_message(
    desk: FlaskClient, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = upload(desk, SAMPLE.read_bytes())
    monkeypatch.setattr(job, "load_export", failing(RuntimeError("the secret reason")))
    job.run_import(started[0])
    assert reload(started[0]).state == BROKEN
    page = desk.get(answer.location).text
    assert "upload the same file again" in page
    assert "secret reason" not in page
    assert "every 1s" not in page
    assert not job.export_path(started[0]).exists()


def test_an_import_waits_while_the_database_is_unavailable(
    desk: FlaskClient, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(desk, SAMPLE.read_bytes())
    monkeypatch.setattr(job, "load_export", failing(OperationalError("", {}, Exception())))
    with pytest.raises(OperationalError):
        job.run_import(started[0])
    assert reload(started[0]).state == RUNNING
    assert job.export_path(started[0]).exists()


def test_a_full_disk_is_reported_and_leaves_no_file(
    desk: FlaskClient, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job.shutil, "copyfileobj", failing(OSError(28, "No space left on device")))
    answer = upload(desk, SAMPLE.read_bytes(), blog_url="https://heron.example")
    assert answer.status_code == 503
    assert "disk is full" in answer.text
    assert "https://heron.example" in answer.text
    assert (started, db.session.query(Import).count(), list(job.imports_folder().iterdir())) == ([], 0, [])


def test_an_upload_is_saved_outside_transactions(
    desk: FlaskClient, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(_content: object, file: io.BufferedWriter, _size: int) -> None:
        assert not db.session.connection().get_execution_options().get("writing")
        file.write(SAMPLE.read_bytes())

    monkeypatch.setattr(job.shutil, "copyfileobj", copy)
    assert upload(desk, b"x").status_code == 303


def test_old_partial_uploads_are_deleted(app: Flask) -> None:
    job.imports_folder().mkdir()
    old, new, waiting = (
        job.imports_folder() / name for name in (f"{job.PARTIAL_PREFIX}1", f"{job.PARTIAL_PREFIX}2", "7")
    )
    for file in (old, new, waiting):
        file.write_bytes(b"x")
    for file in (old, waiting):
        os.utime(file, (0, 0))
    job.delete_partial_uploads()
    assert sorted(job.imports_folder().iterdir()) == sorted([new, waiting])


@on_sqlite
def test_an_import_continues_if_its_progress_cannot_be_saved(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(affects: str) -> None:
        raise DatabaseBusy("another process writes")

    monkeypatch.setattr(job, "PROGRESS_INTERVAL", timedelta())
    monkeypatch.setattr(job, "writing", busy)
    job._progress_writer(1)(50, 100)


@on_sqlite
@pytest.mark.parametrize(
    "fault", [DatabaseBusy("another process writes"), OSError(errno.ENOSPC, "No space left on device")]
)
def test_an_import_is_retried_after_a_full_disk_or_a_busy_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    with writing():
        record = Import(name="export", blog_url="", state=WAITING)
        db.session.add(record)
    job.imports_folder().mkdir()
    job.export_path(record.id).write_bytes(b"content")

    def fail(*_arguments: object, **_options: object) -> None:
        raise fault

    monkeypatch.setattr(job, "load_export", fail)
    ended = app.test_cli_runner().invoke(args=["imports", "run", str(record.id)])
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert job.export_path(record.id).exists()
    db.session.expire_all()
    assert db.session.get_one(Import, record.id).state == RUNNING  # until the lease expires
