from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blog.comments.identity import Voice
from blog.comments.models import ADDRESS, READER, Agreement, Ban, Comment, Report
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.privacy import retention
from blog.comments.privacy.retention import forget_addresses, forget_some
from blog.comments.reactions.agreements import agree
from blog.comments.reactions.reports import report
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import is_withdrawn, record
from blog.editors.models import AuditEntry, EditorSession, SignInFailure
from blog.site.models import current_site
from tests.comments.moderation.desk import fresh, the_editor
from tests.factories import a_comment, a_post, signed_in
from tests.live_server import Server


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
        for minutes in (59, 61):
            at = now() - timedelta(minutes=minutes)
            db.session.add(SignInFailure(account_key=f"{minutes}", address_key="a", created_at=at))
    assert forget_addresses() == 1
    assert [failure.account_key for failure in db.session.query(SignInFailure)] == ["59"]


def test_a_ban_of_a_network_address_ends_when_its_hash_may_no_longer_be_kept(app: Flask) -> None:
    keep_for(4)
    with writing():
        for kind, days in ((ADDRESS, 3), (ADDRESS, 5), (READER, 5)):
            db.session.add(Ban(kind=kind, value=f"{kind} {days}", created_at=now() - timedelta(days=days)))
    assert forget_addresses() == 1
    assert {ban.value for ban in db.session.query(Ban)} == {"address 3", "reader 5"}


def test_what_a_lifted_ban_was_of_is_forgotten_once_it_cannot_be_undone(app: Flask) -> None:
    with writing():
        for minutes in (9, 11):
            at = now() - timedelta(minutes=minutes)
            db.session.add(AuditEntry(verb="unban", before=f"{minutes}", created_at=at))
    assert forget_addresses() == 1
    assert {entry.before for entry in db.session.query(AuditEntry)} == {"9", ""}


def test_sessions_that_ended_go(app: Flask) -> None:
    signed_in(app)
    assert forget_addresses(now() + timedelta(hours=11)) == 0
    assert forget_addresses(now() + timedelta(hours=13)) == 1
    assert db.session.query(EditorSession).count() == 0


def test_the_log_goes_after_its_days_but_for_what_nobody_may_bring_back(app: Flask) -> None:
    comment = a_comment(a_post())
    with writing():
        for days in (364, 366):
            for verb in (audit_log.HOLD, audit_log.WITHDRAW):
                entry = record(None, verb, comment_id=comment.id, subject="Ann: seen", before="Before", reason="why")
                entry.created_at = now() - timedelta(days=days)
    assert forget_addresses() == 2
    kept = [(entry.verb, entry.subject, entry.before, entry.reason) for entry in db.session.query(AuditEntry)]
    young = [(verb, "Ann: seen", "Before", "why") for verb in (audit_log.HOLD, audit_log.WITHDRAW)]
    assert sorted(kept) == sorted([*young, (audit_log.WITHDRAW, "", "", "")])
    assert is_withdrawn(comment.id)
    with writing():
        current_site().audit_days = 0
    assert forget_addresses(now() + timedelta(days=4000)) == 1  # the address, and nothing of the log
    assert db.session.query(AuditEntry).count() == 3


def test_hidden_texts_go_where_the_site_says_so_and_keep_their_place(app: Flask) -> None:
    signed_in(app)
    post = a_post()
    spam, removed, held, shown = (a_comment(post, f"Text {number}", email="ann@example.org") for number in range(4))
    for verb, comment in ((audit_log.SPAM, spam), (audit_log.REMOVE, removed), (audit_log.HOLD, held)):
        decide(verb, [Pick(comment.id)], the_editor())
    soon = now() + timedelta(days=8)
    keep_for(3650)
    assert forget_addresses(soon) == 1  # the session
    with writing():
        current_site().hidden_days = 7
    assert forget_addresses(now() + timedelta(days=6)) == 0
    assert forget_addresses(soon) == 2
    for comment in map(fresh, (spam, removed)):
        assert (comment.body, comment.body_html, comment.name, comment.email) == ("", "", "", "")
        assert comment.reader_key
        assert not any(entry.subject for entry in db.session.query(AuditEntry).filter_by(comment_id=comment.id))
    assert [fresh(comment).body for comment in (held, shown)] == ["Text 2", "Text 3"]
    assert decide(audit_log.APPROVE, [Pick(spam.id)], the_editor()).comments == []
    assert forget_addresses(soon) == 0


def test_many_are_forgotten_in_parts_and_by_several_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
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

    monkeypatch.setattr(retention, "writing", never)
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
