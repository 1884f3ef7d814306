"""Test that all jobs run, survive any exception, are stored, and restore the schema."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, event, select, text

from blog.db import db
from blog.db_connections import schema_missing
from blog.live.hub import Hub
from blog.ops.job_runs import job_words, list_jobs
from blog.ops.models import JobRun
from blog.server import jobs
from blog.server.comment_source import CommentSource
from blog.server.jobs import HOUR, Job, Jobs, check_schema, job_table, restore_schema
from blog.settings import Settings
from tests.factories import HTMX, a_comment, a_post, count, signed_in, token
from tests.live_server import Server
from tests.postgres.databases import on_postgres, on_sqlite
from tests.postgres.test_acts import http_request
from tests.server.running_jobs import run_jobs
from tests.speedups import migrated_sqlite_file


@pytest.fixture
def table(app: Flask, settings: Settings) -> list[Job]:
    """Return the table of a server that sends mail."""
    app.config["SETTINGS"] = replace(
        settings, smtp_host="127.0.0.1", mail_from="blog@example.org", blog_url="https://blog.example.org"
    )
    hub = Hub(CommentSource(app), heartbeat_seconds=15, max_streams=10, max_per_network=10)
    return job_table(app.config["SETTINGS"], hub)


@pytest.fixture
def quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0.001)


def has_run(running: Jobs, *names: str) -> bool:
    """Tell whether these jobs ended a round."""
    return all(running.runs[name].ended_at for name in names)


def failing_once(fault: BaseException, then: Callable[[], None]) -> Callable[[], None]:
    faults = [fault]

    def run() -> None:
        if faults:
            raise faults.pop()
        then()

    return run


def test_every_job_of_the_table_runs_and_is_listed_at_the_desk(app: Flask, table: list[Job]) -> None:
    for job in table:
        job.wake.set()  # ends the delay before the first round
    rounds = [job.name for job in table if job.seconds]
    endless = len(table) - len(rounds)
    stopped = run_jobs(
        app, table, lambda running: has_run(running, *rounds, "job_runs") and len(running.coroutines) == endless
    )
    assert [run.name for run in stopped.runs.values() if run.error] == []
    stopped.save_runs()
    assert [job.run.name for job in list_jobs()] == list(job_words())
    page = signed_in(app).get("/desk/jobs").text
    assert [label for label, purpose in job_words().values() if label not in page or purpose not in page] == []


def test_delayed_job_waits_until_it_is_woken(app: Flask) -> None:
    wake, done, seen = threading.Event(), threading.Event(), []
    table = [Job("late", done.set, 60.0, wake, delay=60.0), Job("early", lambda: None, 60.0)]

    def wake_after_early(running: Jobs) -> bool:
        if has_run(running, "early") and not seen:
            seen.append(done.is_set())
            wake.set()
        return done.is_set()

    run_jobs(app, table, wake_after_early)
    assert seen == [False]


def test_every_job_of_the_table_has_words(table: list[Job]) -> None:
    assert {*(job.name for job in table), "job_runs"} == job_words().keys()


def test_a_site_without_mail_runs_no_mail_jobs(app: Flask, table: list[Job]) -> None:
    run_jobs(app, table, lambda running: has_run(running, "mail", "job_runs")).save_runs()
    without = job_table(replace(app.config["SETTINGS"], smtp_host=""), Hub(CommentSource(app), 15, 10, 10))
    assert {job.name for job in table} - {job.name for job in without} == {"alerts", "confirmations", "digests", "mail"}
    run_jobs(app, without, lambda running: has_run(running, "job_runs")).save_runs()
    assert "mail" not in db.session.scalars(select(JobRun.name)).all()


FAULTS = [
    ValueError("one"),
    PermissionError("closed"),
    MemoryError(),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
    CancelledError(),
    asyncio.CancelledError(),
]


@on_sqlite
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.usefixtures("quick_restarts")
def test_a_job_continues_after_any_exception(app: Flask, fault: BaseException) -> None:
    again = threading.Event()
    stopped = run_jobs(app, [Job("mail", failing_once(fault, again.set), 0.001)], lambda _: again.is_set())
    assert type(fault).__name__ in stopped.runs["mail"].error


@on_sqlite
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.usefixtures("quick_restarts")
def test_a_job_of_the_event_loop_continues_after_any_exception(app: Flask, fault: BaseException) -> None:
    again = threading.Event()
    run = failing_once(fault, again.set)

    async def listen() -> None:
        run()
        await asyncio.Event().wait()

    stopped = run_jobs(app, [Job("changes", listen)], lambda _: again.is_set())
    assert stopped.runs["changes"].error


@pytest.mark.usefixtures("quick_restarts")
def test_an_error_is_shown_at_the_desk_also_after_a_good_run(app: Flask) -> None:
    goes_on = threading.Event()

    def run() -> None:
        if not goes_on.is_set():
            raise ZeroDivisionError("ann@example.org")

    def is_stored(running: Jobs) -> bool:
        db.session.rollback()
        return bool(db.session.scalars(select(JobRun).where(JobRun.name == "mail", JobRun.last_error != "")).first())

    def stored_in_app(running: Jobs) -> bool:
        with app.app_context():
            return is_stored(running)

    stopped = run_jobs(app, [Job("mail", run, 0.001)], stored_in_app)
    assert stopped.runs["mail"].outcome
    owner = signed_in(app)
    page = owner.get("/desk/jobs").text
    assert "An unexpected error (ZeroDivisionError)" in page
    assert "Failed" in page
    assert "ann@example.org" not in page
    goes_on.set()
    stopped = run_jobs(app, [Job("mail", run, 0.001)], lambda running: has_run(running, "mail"))
    assert not stopped.runs["mail"].outcome
    stopped.save_runs()
    page = owner.get("/desk/jobs").text
    assert "An unexpected error (ZeroDivisionError)" in page
    assert "Failed" not in page


def test_a_job_that_runs_often_is_stored_rarely(app: Flask) -> None:
    rounds, stores = [0], [0]

    def run() -> None:
        rounds[0] += 1

    def count_stores(*arguments: Any) -> None:
        stores[0] += "job_runs" in arguments[2] and not arguments[2].startswith(("SELECT", "DELETE"))

    event.listen(db.engine, "before_cursor_execute", count_stores)
    stopped = run_jobs(
        app, [Job("mail", run, 0.001)], lambda running: rounds[0] > 50 and has_run(running, "mail", "job_runs")
    )
    event.remove(db.engine, "before_cursor_execute", count_stores)
    assert stores[0] <= 2  # each row once
    assert stopped.saved.keys() == {"mail", "job_runs"}


def test_more_work_is_done_at_once_and_a_wake_up_ends_a_pause(app: Flask) -> None:
    results, wake = [True, True, False, True, False], threading.Event()
    left = iter(results)
    done: list[bool] = []

    def run() -> bool:
        done.append(next(left, False))
        return done[-1]

    def is_woken(_running: Jobs) -> bool:
        if len(done) == 3:
            wake.set()
        return len(done) >= 5

    run_jobs(app, [Job("mail", run, HOUR, wake)], is_woken)
    assert done[:5] == results


def test_stopping_does_not_wait_for_a_job_that_hangs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STOP_SECONDS", 0)
    begun, released = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        released.wait()

    stopped = run_jobs(app, [Job("mail", hang, HOUR)], lambda _: begun.is_set())
    hanging = next(thread for thread in stopped.threads if thread.name == "mail")
    assert hanging.is_alive()
    released.set()
    hanging.join()


@pytest.fixture
def restored_app(app: Flask) -> Iterator[Flask]:
    """Restore the schema after the test."""
    schema_missing.clear()
    yield app
    restore_schema()
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
    monkeypatch.setattr(jobs, "RESTORE_SECONDS", 0)
    run_jobs(restored_app, [Job("schema", check_schema, 0.001)], lambda _: not schema_missing.is_set())
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
    restore_schema()
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
    restore_schema()
    db.session.remove()
    assert client.get("/").status_code == 200


@pytest.mark.usefixtures("quick_restarts")
def test_jobs_run_on_while_the_database_is_away(restored_app: Flask) -> None:
    rounds = [0]

    def run() -> None:
        rounds[0] += 1

    drop_tables()
    table = [Job("mail", run, 0.001)]
    stopped = run_jobs(restored_app, table, lambda running: rounds[0] > 5 and running.runs["job_runs"].error != "")
    assert "database" in stopped.runs["job_runs"].error
    assert stopped.saved == {}
    restore_schema()
    stopped = run_jobs(restored_app, table, lambda running: has_run(running, "mail", "job_runs"))
    stopped.save_runs()
    assert {job.run.name for job in list_jobs()} == {"mail", "job_runs"}
