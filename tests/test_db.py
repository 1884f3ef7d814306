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


def test_times_are_loaded_in_utc_with_milliseconds(app: Flask) -> None:
    zone = timezone(timedelta(hours=-7))
    post = a_post(published_at=datetime(2009, 5, 1, 23, 30, 1, 123456, tzinfo=zone))
    db.session.expire_all()
    assert post.published_at == datetime(2009, 5, 2, 6, 30, 1, 123000, tzinfo=UTC)
    assert post.published_at.tzinfo is UTC


def test_naive_time_is_refused(app: Flask) -> None:
    with pytest.raises(Exception, match="without a zone"), writing():
        db.session.add(Post(published_at=datetime(2009, 5, 1)))  # noqa: DTZ001
        db.session.flush()


def test_failed_write_is_rolled_back(app: Flask) -> None:
    def fail() -> None:
        with writing():
            db.session.add(Post(title="Half"))
            db.session.flush()
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert db.session.query(Post).count() == 0


def test_reads_block_no_writes_and_writes_wait_for_each_other(app: Flask) -> None:
    post = a_post()
    db.session.query(Post).count()  # opens a read transaction

    def increment() -> None:
        with app.app_context(), writing():
            db.session.get_one(Post, post.id).comment_count += 1

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Post, post.id).comment_count == 8


def test_now_has_the_precision_of_the_database() -> None:
    assert now().microsecond % 1000 == 0
    assert now().tzinfo is UTC


class FakeClock:
    """Replace the clock; the test advances it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(db_connections, "clock", lambda: self.seconds)


class SlowLock:
    """Replace the process lock; acquired after three seconds, or never."""

    def __init__(self, clock: FakeClock, free: bool = True) -> None:
        self.clock, self.free = clock, free

    def acquire(self, timeout: float) -> bool:
        self.clock.seconds += 3 if self.free else timeout
        return self.free

    def release(self) -> None:
        pass


@on_sqlite
def test_wait_for_a_thread_shortens_the_wait_for_a_process(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.db._write_lock", SlowLock(FakeClock(monkeypatch)))
    statements: list[str] = []
    listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with writing():
        pass
    begin = statements.index("BEGIN IMMEDIATE")
    assert statements[begin - 1 : begin + 2] == [
        "PRAGMA busy_timeout=1000",
        "BEGIN IMMEDIATE",
        "PRAGMA busy_timeout=4000",
    ]


@on_sqlite
def test_write_waiting_too_long_returns_the_text(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Kept while waiting"}
    with monkeypatch.context() as patched:
        patched.setattr("blog.db._write_lock", SlowLock(FakeClock(patched), free=False))
        for headers in (HTMX, {}):
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
            assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
            assert "Kept while waiting" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1


@on_postgres
def test_wait_for_a_lock_shortens_the_wait_for_the_next(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)

    def lock_timeout() -> object:
        return db.session.execute(text("SHOW lock_timeout")).scalar()

    with writing():
        assert lock_timeout() == "4s"
        clock.seconds += 3
        assert lock_timeout() == "1s"
        clock.seconds += 0.2
        assert lock_timeout() == "1s"
        clock.seconds += 9
        assert lock_timeout() == "1ms"
    assert lock_timeout() == "4s"


def test_pool_timeout_equals_the_lock_timeout() -> None:
    for address in ("sqlite:///blog.sqlite", "postgresql+psycopg://127.0.0.1/blog"):
        assert db_connections.engine_options(address)["pool_timeout"] == db_connections.WAIT_SECONDS


def test_nested_write_is_refused(app: Flask) -> None:
    def write_twice() -> None:
        with writing():
            db.session.add(Post(title="Outer"))
            with writing():
                pass

    with pytest.raises(RuntimeError, match="does not nest"):
        write_twice()
    with writing():
        db.session.add(Post(title="Afterwards"))


def test_commit_with_a_lost_answer_counts_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Once and only once"}

    def commit_and_fail(session: Session) -> None:
        session.connection().connection.driver_connection.execute("COMMIT")  # type: ignore[union-attr]
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", commit_and_fail)
        response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert response.status_code == 503
    assert "Once and only once" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1
