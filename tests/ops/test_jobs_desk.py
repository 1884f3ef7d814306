"""Test the page of background jobs, and the rows behind it."""

from __future__ import annotations

import errno
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blog.db import db, now
from blog.db_errors import DatabaseBusy
from blog.editors.accounts import add_editor
from blog.editors.models import EDITOR
from blog.mail.smtp import NotSent
from blog.ops.job_runs import Run, describe_error, list_jobs, save_runs
from blog.ops.models import JobRun
from tests.factories import sign_in, signed_in

PASSWORD = "a sentence to remember"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def save(run: Run) -> None:
    save_runs([run], {run.name})


def stored(name: str) -> JobRun:
    db.session.expire_all()
    return db.session.scalars(select(JobRun).where(JobRun.name == name)).one()


def failed(at: datetime, error: BaseException) -> Run:
    return Run("retention", 3600, at, at, describe_error(error), at)


def test_the_page_says_that_no_job_has_run(app: Flask) -> None:
    answer = signed_in(app).get("/desk/jobs")
    assert "No job has run yet." in answer.text
    assert "<table" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_owners_find_the_page_in_the_menu(app: Flask) -> None:
    assert 'href="/desk/jobs"' in signed_in(app).get("/desk/posts").text
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
    bea = app.test_client()
    sign_in(bea, "bea@example.org", PASSWORD)
    assert "/desk/jobs" not in bea.get("/desk/posts").text
    assert bea.get("/desk/jobs").status_code == 403


@pytest.mark.parametrize(
    ("seconds", "ago", "overdue"),
    [(3600, HOUR, False), (3600, 3 * HOUR, True), (5, timedelta(minutes=2), False), (5, timedelta(minutes=6), True)],
)
def test_a_job_that_has_not_run_for_long_is_overdue(app: Flask, seconds: int, ago: timedelta, overdue: bool) -> None:
    save(Run("mail", seconds, now() - ago, now() - ago))
    assert ("Overdue" in signed_in(app).get("/desk/jobs").text) == overdue


def test_a_job_without_an_end_is_overdue_when_its_server_is_gone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    save(Run("changes", 0, now() - 30 * DAY))
    owner = signed_in(app)
    page = owner.get("/desk/jobs").text
    assert "Runs since" in page
    assert "Overdue" not in page
    monkeypatch.setattr("blog.ops.models.now", lambda: now() + HOUR)
    assert "Overdue" in owner.get("/desk/jobs").text


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "full"), "The disk is full (OSError)."),
        (DatabaseBusy("ann@example.org"), "The database could not be used (DatabaseBusy)."),
        (NotSent("ann@example.org", by_server=True), "The mail server accepts no mail (NotSent)."),
        (KeyError("ann@example.org"), "An unexpected error (KeyError): see the log of the server."),
    ],
)
def test_an_error_is_one_sentence_without_values(app: Flask, error: BaseException, sentence: str) -> None:
    save(failed(now(), error))
    (job,) = list_jobs()
    assert job.error == sentence
    assert "ann@example.org" not in job.run.last_error


def test_a_good_run_leaves_the_last_error_with_its_time(app: Flask) -> None:
    at = now() - DAY
    save(failed(at, KeyError()))
    assert stored("retention").has_failed
    save(Run("retention", 3600, now(), now()))
    assert not stored("retention").has_failed
    assert "KeyError" in stored("retention").last_error
    assert stored("retention").last_error_at == at


def test_an_older_error_of_another_process_replaces_no_newer_one(app: Flask) -> None:
    save(failed(now(), KeyError()))
    save(failed(now() - DAY, ValueError()))
    assert "KeyError" in stored("retention").last_error
    save(failed(now() + HOUR, ValueError()))
    assert "ValueError" in stored("retention").last_error


def test_a_job_that_no_longer_exists_is_forgotten(app: Flask) -> None:
    save(Run("mail", 5, now(), now()))
    save(Run("imports", 60, now(), now()))
    assert db.session.scalars(select(JobRun.name)).all() == ["imports"]
