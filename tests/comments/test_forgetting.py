from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blog.comments import forgetting
from blog.comments.agreeing import agree
from blog.comments.forgetting import forget_addresses, forget_some
from blog.comments.models import Agreement, Comment, Report
from blog.comments.reporting import report
from blog.comments.voices import Voice
from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.site.models import current_site
from tests.cast import a_comment, a_post
from tests.server import Server


def aged(*days: float) -> list[int]:
    """Comments that are so many days old; their ids."""
    post, ids = a_post(), []
    for age in days:
        comment = a_comment(post, f"{age} days ago")
        with writing():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(days=age)
        ids.append(comment.id)
    return ids


def known() -> set[int]:
    """Of which comments it is still known where they came from."""
    db.session.rollback()
    return set(db.session.scalars(select(Comment.id).where(Comment.address_key.is_not(None))))


def keep_for(days: int) -> None:
    with writing():
        current_site().address_days = days


def test_addresses_go_after_thirty_days_and_nothing_else_does(app: Flask) -> None:
    old, young = aged(30.1, 29.9)
    before = db.session.get_one(Comment, old)
    stood = {
        column: getattr(before, column) for column in ("reader_key", "email", "name", "body", "updated_at", "version")
    }
    assert forget_addresses() == 1
    assert known() == {young}
    db.session.expire_all()
    after = db.session.get_one(Comment, old)
    assert {column: getattr(after, column) for column in stood} == stood


def test_where_readers_agreed_and_reported_from_goes_as_well(app: Flask) -> None:
    comment, voices = a_comment(a_post()), [Voice(f"reader {one}", f"address {one}") for one in (1, 2)]
    for voice in voices:
        agree(comment.post_id, comment.id, voice)
        report(comment.post_id, comment.id, voice, "rude")
    with writing():
        for record in (Agreement, Report):
            old = db.session.scalars(select(record).where(record.reader_key == "reader 1")).one()
            old.created_at = now() - timedelta(days=30.1)
    assert forget_addresses() == 2
    for record in (Agreement, Report):
        keys = select(record.reader_key, record.address_key).order_by(record.id)
        assert db.session.execute(keys).all() == [("reader 1", None), ("reader 2", "address 2")]
    assert agree(comment.post_id, comment.id, voices[0]).agree_count == 2


def test_the_editor_says_for_how_long_and_none_means_at_the_next_run(app: Flask) -> None:
    ids = aged(5, 3, 0)
    keep_for(4)
    forget_addresses()
    assert known() == set(ids[1:])
    keep_for(0)
    forget_addresses()
    assert known() == set()


def test_a_clock_that_jumps_forgets_early_at_worst_and_one_that_is_set_back_nothing_that_is_due_later(
    app: Flask,
) -> None:
    today, tomorrow = aged(0, -1)
    assert forget_addresses(now() - timedelta(days=400)) == 0
    assert known() == {today, tomorrow}
    forget_addresses(now() + timedelta(days=30.5))
    assert known() == {tomorrow}
    forget_addresses(now() + timedelta(days=31.5))
    assert known() == set()


def test_failures_to_sign_in_are_forgotten_once_they_no_longer_count(app: Flask) -> None:
    with writing():
        for minutes in (9, 11):
            at = now() - timedelta(minutes=minutes)
            db.session.add(SignInFailure(account_key=f"{minutes}", address_key="a", created_at=at))
    assert forget_addresses() == 1
    assert [failure.account_key for failure in db.session.query(SignInFailure)] == ["9"]


def test_many_are_forgotten_in_parts_and_by_several_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 3)
    aged(*[40] * 10)
    assert forget_some() == 3
    counts: list[int] = []

    def work() -> None:
        with app.app_context():
            counts.append(forget_addresses())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known() == set()
    assert len(counts) == 4


def test_where_nothing_is_due_nothing_is_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(1)

    def never() -> Any:
        raise AssertionError("an act was begun")

    monkeypatch.setattr(forgetting, "writing", never)
    assert forget_addresses() == 0


def test_the_command_says_how_many(app: Flask) -> None:
    aged(31, 32)
    assert app.test_cli_runner().invoke(args=["forget"]).output == "2 forgotten.\n"


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_server_forgets_by_itself(serve: Callable[..., Server], blog: Flask, processes: str) -> None:
    _old, young = aged(31, 1)
    serve(WEB_CONCURRENCY=processes)
    until = now() + timedelta(seconds=20)
    while known() != {young}:
        assert now() < until
