"""The upload at the desk; the work itself is done by the process that it starts, which is run here by hand."""

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
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The imports that would have been started in processes of their own."""
    started: list[int] = []
    monkeypatch.setattr(job, "begin", started.append)
    return started


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def upload(desk: FlaskClient, content: bytes, name: str = "blog.xml", **fields: str):
    form = {"csrf_token": csrf(desk, "/desk/imports"), "export": (io.BytesIO(content), name)} | fields
    return desk.post("/desk/imports", data=form, content_type="multipart/form-data")


def fresh(import_id: int) -> Import:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Import, import_id)


def test_an_uploaded_export_comes_in_and_says_what_came(desk: FlaskClient, begun: list[int]) -> None:
    answer = upload(desk, SAMPLE.read_bytes())
    assert answer.status_code == 303
    (import_id,) = begun
    assert fresh(import_id).state == WAITING
    assert "Waiting to begin" in desk.get(answer.location).text
    job.run(import_id)
    assert fresh(import_id).state == DONE
    assert db.session.query(Post).count() > 0
    page = desk.get(answer.location)
    assert "It is all here." in page.text
    assert "every 1s" not in desk.get(answer.location, headers=HTMX).text
    assert not job.file_of(import_id).exists()


def test_a_broken_file_is_one_sentence_with_the_name_that_the_editor_knows(desk: FlaskClient, begun: list[int]) -> None:
    answer = upload(desk, b"<feed><entry>", "my blog.xml")
    job.run(begun[0])
    assert fresh(begun[0]).state == REFUSED
    page = desk.get(answer.location).text
    assert "Nothing was brought in." in page
    assert str(job.file_of(begun[0]).parent) not in page


def test_nothing_chosen_or_an_address_that_is_none_is_said_at_the_field(desk: FlaskClient, begun: list[int]) -> None:
    form = {"csrf_token": csrf(desk, "/desk/imports")}
    assert "Choose the file first" in desk.post("/desk/imports", data=form).text
    assert "begins with https://" in upload(desk, b"x", blog_url="blog.example").text
    assert begun == []


def test_only_one_works_on_an_import_and_a_lease_that_ran_out_is_taken_over(
    desk: FlaskClient, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(desk, SAMPLE.read_bytes())
    with writing():
        asked = db.session.get_one(Import, begun[0])
        asked.state, asked.leased_until = RUNNING, now() + timedelta(minutes=1)
    job.run(begun[0])
    assert fresh(begun[0]).state == RUNNING
    job.begin_interrupted()
    assert begun == begun[:1]
    with writing():
        db.session.get_one(Import, begun[0]).leased_until = now() - timedelta(seconds=1)
    job.begin_interrupted()
    assert begun == [begun[0]] * 2
    job.run(begun[0])
    assert fresh(begun[0]).state == DONE


def test_nobody_but_an_editor_uploads_or_sees_an_import(app: Flask, begun: list[int]) -> None:
    nobody = app.test_client()
    token = csrf(nobody, "/desk/sign-in")
    form = {"csrf_token": token, "export": (io.BytesIO(SAMPLE.read_bytes()), "blog.xml")}
    assert nobody.post("/desk/imports", data=form, content_type="multipart/form-data").status_code == 403
    assert nobody.get("/desk/imports").status_code == 303
    assert nobody.get("/desk/imports/1").status_code == 303
    assert begun == []


def test_without_its_token_an_upload_is_refused(desk: FlaskClient, begun: list[int]) -> None:
    form = {"export": (io.BytesIO(b"x"), "blog.xml")}
    assert desk.post("/desk/imports", data=form, content_type="multipart/form-data").status_code == 400
    assert begun == []


def failing(error: Exception):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_fault_of_ours_ends_the_import_in_a_sentence(
    desk: FlaskClient, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = upload(desk, SAMPLE.read_bytes())
    monkeypatch.setattr(job, "bring_in", failing(RuntimeError("the secret reason")))
    job.run(begun[0])
    assert fresh(begun[0]).state == BROKEN
    page = desk.get(answer.location).text
    assert "uploaded once more, goes on from there" in page
    assert "secret reason" not in page
    assert "every 1s" not in page
    assert not job.file_of(begun[0]).exists()


def test_while_the_database_is_away_an_import_waits_with_its_file(
    desk: FlaskClient, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(desk, SAMPLE.read_bytes())
    monkeypatch.setattr(job, "bring_in", failing(OperationalError("", {}, Exception())))
    with pytest.raises(OperationalError):
        job.run(begun[0])
    assert fresh(begun[0]).state == RUNNING
    assert job.file_of(begun[0]).exists()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    desk: FlaskClient, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job.shutil, "copyfileobj", failing(OSError(28, "No space left on device")))
    answer = upload(desk, SAMPLE.read_bytes(), blog_url="https://heron.example")
    assert answer.status_code == 503
    assert "disk is full" in answer.text
    assert "https://heron.example" in answer.text
    assert (begun, db.session.query(Import).count(), list(job.folder().iterdir())) == ([], 0, [])


def test_nobody_waits_for_the_database_while_an_upload_is_kept(
    desk: FlaskClient, begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(_content: object, file: io.BufferedWriter, _size: int) -> None:
        assert not db.session.connection().get_execution_options().get("writing")
        file.write(SAMPLE.read_bytes())

    monkeypatch.setattr(job.shutil, "copyfileobj", copy)
    assert upload(desk, b"x").status_code == 303


def test_what_a_kill_left_half_kept_is_swept_away(app: Flask) -> None:
    job.folder().mkdir()
    old, new, waiting = (job.folder() / name for name in (f"{job.DRAFT}1", f"{job.DRAFT}2", "7"))
    for file in (old, new, waiting):
        file.write_bytes(b"x")
    for file in (old, waiting):
        os.utime(file, (0, 0))
    job.sweep()
    assert sorted(job.folder().iterdir()) == sorted([new, waiting])


@on_sqlite
def test_an_import_goes_on_where_its_progress_cannot_be_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> None:
        raise DatabaseBusy("another process writes")

    monkeypatch.setattr(job, "EACH", timedelta())
    monkeypatch.setattr(job, "writing", busy)
    job._progress(1)(50, 100)


@on_sqlite
@pytest.mark.parametrize(
    "fault", [DatabaseBusy("another process writes"), OSError(errno.ENOSPC, "No space left on device")]
)
def test_an_import_that_met_a_full_disk_or_a_busy_database_is_begun_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    with writing():
        asked = Import(name="export", blog_url="", state=WAITING)
        db.session.add(asked)
    job.folder().mkdir()
    job.file_of(asked.id).write_bytes(b"kept")

    def fail(*_arguments: object, **_options: object) -> None:
        raise fault

    monkeypatch.setattr(job, "bring_in", fail)
    ended = app.test_cli_runner().invoke(args=["imports", "run", str(asked.id)])
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert job.file_of(asked.id).exists()
    db.session.expire_all()
    assert db.session.get_one(Import, asked.id).state == RUNNING  # by a lease that ends
