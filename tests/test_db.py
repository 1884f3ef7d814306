from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from blog import db_connections
from blog.db import db, now, writing
from blog.posts.models import Post
from tests.factories import HTMX, a_post, count, token
from tests.postgres.databases import on_postgres, on_sqlite


def test_times_come_back_in_utc_with_their_milliseconds(app: Flask) -> None:
    zone = timezone(timedelta(hours=-7))
    post = a_post(published_at=datetime(2009, 5, 1, 23, 30, 1, 123456, tzinfo=zone))
    db.session.expire_all()
    assert post.published_at == datetime(2009, 5, 2, 6, 30, 1, 123000, tzinfo=UTC)
    assert post.published_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(Exception, match="without a zone"), writing():
        db.session.add(Post(published_at=datetime(2009, 5, 1)))  # noqa: DTZ001
        db.session.flush()


def test_an_act_that_fails_leaves_nothing(app: Flask) -> None:
    def fail() -> None:
        with writing():
            db.session.add(Post(title="Half"))
            db.session.flush()
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert db.session.query(Post).count() == 0


def test_an_open_read_blocks_no_writer_and_writers_wait_for_each_other(app: Flask) -> None:
    post = a_post()
    db.session.query(Post).count()  # a read transaction stands open from here on

    def raise_it() -> None:
        with app.app_context(), writing():
            db.session.get_one(Post, post.id).comment_count += 1

    threads = [threading.Thread(target=raise_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Post, post.id).comment_count == 8


def test_now_is_what_the_database_keeps() -> None:
    assert now().microsecond % 1000 == 0
    assert now().tzinfo is UTC


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(db_connections, "clock", lambda: self.seconds)


class SlowLock:
    """The process's lock, which is handed over after three seconds of that clock, or never."""

    def __init__(self, clock: Clock, free: bool = True) -> None:
        self.clock, self.free = clock, free

    def acquire(self, timeout: float) -> bool:
        self.clock.seconds += 3 if self.free else timeout
        return self.free

    def release(self) -> None:
        pass


@on_sqlite
def test_what_a_write_waited_for_another_thread_is_taken_off_its_wait_for_another_process(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.db._writer", SlowLock(Clock(monkeypatch)))
    asked: list[str] = []
    listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with writing():
        pass
    begin = asked.index("BEGIN IMMEDIATE")
    assert asked[begin - 1 : begin + 2] == ["PRAGMA busy_timeout=1000", "BEGIN IMMEDIATE", "PRAGMA busy_timeout=4000"]


@on_sqlite
def test_a_write_that_another_thread_keeps_waiting_gives_the_text_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Kept while waiting"}
    with monkeypatch.context() as patched:
        patched.setattr("blog.db._writer", SlowLock(Clock(patched), free=False))
        for headers in (HTMX, {}):
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
            assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
            assert "Kept while waiting" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1


@on_postgres
def test_what_a_write_waited_is_taken_off_its_wait_for_the_next_lock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)

    def longest_wait() -> object:
        return db.session.execute(text("SHOW lock_timeout")).scalar()

    with writing():
        assert longest_wait() == "4s"
        clock.seconds += 3
        assert longest_wait() == "1s"
        clock.seconds += 0.2
        assert longest_wait() == "1s"
        clock.seconds += 9
        assert longest_wait() == "1ms"
    assert longest_wait() == "4s"


def test_nobody_waits_longer_for_a_connection_than_for_a_lock() -> None:
    for address in ("sqlite:///blog.sqlite", "postgresql+psycopg://127.0.0.1/blog"):
        assert db_connections.engine_options(address)["pool_timeout"] == db_connections.WAIT_SECONDS


def test_a_write_within_a_write_is_a_fault(app: Flask) -> None:
    def write_twice() -> None:
        with writing():
            db.session.add(Post(title="Outer"))
            with writing():
                pass

    with pytest.raises(RuntimeError, match="does not nest"):
        write_twice()
    with writing():
        db.session.add(Post(title="Afterwards"))


def test_a_commit_whose_answer_is_lost_counts_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Once and only once"}

    def commit_and_fail(session: Session) -> None:
        session.connection().connection.driver_connection.execute("COMMIT")  # type: ignore[union-attr]
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", commit_and_fail)
        response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 503
    assert "Once and only once" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1
