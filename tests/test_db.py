from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask

from blog.db import db, now, writing
from blog.posts.models import Post
from tests.cast import a_post


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
