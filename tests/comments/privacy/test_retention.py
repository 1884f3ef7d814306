from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blog.comments.changes import changing_threads
from blog.comments.identity import Visitor
from blog.comments.models import ADDRESS, READER, Agreement, Ban, Comment, Report
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.privacy import retention
from blog.comments.privacy.retention import delete_all_expired, delete_expired_batch
from blog.comments.reactions.agreements import agree
from blog.comments.reactions.reports import report
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import describe_reason, is_withdrawn, note, record
from blog.editors.models import AuditEntry, EditorSession, SignInFailure
from blog.site.models import current_site
from tests.comments.moderation.desk import fresh, the_editor
from tests.factories import a_comment, a_post, signed_in
from tests.live_server import Server, wait_until


def comments_of_age(*days: float) -> list[int]:
    """Create comments of these ages in days; return their ids."""
    post, ids = a_post(), []
    for age in days:
        comment = a_comment(post, f"{age} days ago")
        with changing_threads():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(days=age)
        ids.append(comment.id)
    return ids


def with_address() -> set[int]:
    """Return the ids of comments that still have a network address."""
    db.session.rollback()
    return set(db.session.scalars(select(Comment.id).where(Comment.address_key.is_not(None))))


def set_address_days(days: int) -> None:
    with writing():
        current_site().address_days = days


def test_network_addresses_are_deleted_after_thirty_days(app: Flask) -> None:
    old, recent = comments_of_age(30.1, 29.9)
    before = db.session.get_one(Comment, old)
    values_before = {
        column: getattr(before, column) for column in ("reader_key", "email", "name", "body", "updated_at", "version")
    }
    assert delete_all_expired() == 1
    assert with_address() == {recent}
    db.session.expire_all()
    after = db.session.get_one(Comment, old)
    assert {column: getattr(after, column) for column in values_before} == values_before


def test_network_addresses_of_agreements_and_reports_are_deleted(app: Flask) -> None:
    comment, voices = a_comment(a_post()), [Visitor(f"reader {one}", f"address {one}") for one in (1, 2)]
    for voice in voices:
        agree(comment.post_id, comment.id, voice)
        report(comment.post_id, comment.id, voice, "rude")
    with writing():
        for record in (Agreement, Report):
            old = db.session.scalars(select(record).where(record.reader_key == "reader 1")).one()
            old.created_at = now() - timedelta(days=30.1)
    assert delete_all_expired() == 2
    for record in (Agreement, Report):
        keys = select(record.reader_key, record.address_key).order_by(record.id)
        assert db.session.execute(keys).all() == [("reader 1", None), ("reader 2", "address 2")]
    assert agree(comment.post_id, comment.id, voices[0]).agree_count == 2


def test_retention_of_addresses_is_a_setting_and_zero_means_the_next_run(app: Flask) -> None:
    ids = comments_of_age(5, 3, 0)
    set_address_days(4)
    delete_all_expired()
    assert with_address() == set(ids[1:])
    set_address_days(0)
    delete_all_expired()
    assert with_address() == set()


def test_clock_changes_delete_early_at_worst_and_never_skip_a_row(
    app: Flask,
) -> None:
    today, tomorrow = comments_of_age(0, -1)
    assert delete_all_expired(now() - timedelta(days=400)) == 0
    assert with_address() == {today, tomorrow}
    delete_all_expired(now() + timedelta(days=30.5))
    assert with_address() == {tomorrow}
    delete_all_expired(now() + timedelta(days=31.5))
    assert with_address() == set()


def test_sign_in_failures_are_deleted_after_an_hour(app: Flask) -> None:
    with writing():
        for minutes in (59, 61):
            at = now() - timedelta(minutes=minutes)
            db.session.add(SignInFailure(account_key=f"{minutes}", address_key="a", created_at=at))
    assert delete_all_expired() == 1
    assert [failure.account_key for failure in db.session.query(SignInFailure)] == ["59"]


def test_ban_of_a_network_address_ends_with_the_retention_of_addresses(app: Flask) -> None:
    set_address_days(4)
    with writing():
        for kind, days in ((ADDRESS, 3), (ADDRESS, 5), (READER, 5)):
            db.session.add(Ban(kind=kind, value=f"{kind} {days}", created_at=now() - timedelta(days=days)))
    assert delete_all_expired() == 1
    assert {ban.value for ban in db.session.query(Ban)} == {"address 3", "reader 5"}


def test_value_of_a_lifted_ban_is_deleted_when_undo_expires(app: Flask) -> None:
    with writing():
        for minutes in (9, 11):
            at = now() - timedelta(minutes=minutes)
            db.session.add(AuditEntry(verb="unban", before=f"{minutes}", created_at=at))
    assert delete_all_expired() == 1
    assert {entry.before for entry in db.session.query(AuditEntry)} == {"9", ""}


def test_expired_sessions_are_deleted(app: Flask) -> None:
    signed_in(app)
    assert delete_all_expired(now() + timedelta(hours=11)) == 0
    assert delete_all_expired(now() + timedelta(hours=13)) == 1
    assert db.session.query(EditorSession).count() == 0


def test_audit_log_expires_but_author_deletions_stay_without_text(app: Flask) -> None:
    comment = a_comment(a_post())
    with writing():
        for days in (364, 366):
            for verb in (audit_log.HOLD, audit_log.WITHDRAW):
                details = {"subject": "Ann: seen", "before": "Before", "reason": note("why")}
                entry = record(None, verb, comment_id=comment.id, **details)
                entry.created_at = now() - timedelta(days=days)
    assert delete_all_expired() == 2
    log = db.session.query(AuditEntry)
    entries = [(entry.verb, entry.subject, entry.before, describe_reason(entry)) for entry in log]
    recent = [(verb, "Ann: seen", "Before", "why") for verb in (audit_log.HOLD, audit_log.WITHDRAW)]
    assert sorted(entries) == sorted([*recent, (audit_log.WITHDRAW, "", "", "")])
    assert is_withdrawn(comment.id)
    with writing():
        current_site().audit_days = 0
    assert delete_all_expired(now() + timedelta(days=4000)) == 1  # the address alone
    assert db.session.query(AuditEntry).count() == 3


def test_texts_of_hidden_comments_expire_by_setting_and_rows_stay(app: Flask) -> None:
    signed_in(app)
    post = a_post()
    spam, removed, held, visible = (a_comment(post, f"Text {number}", email="ann@example.org") for number in range(4))
    for verb, comment in ((audit_log.SPAM, spam), (audit_log.REMOVE, removed), (audit_log.HOLD, held)):
        decide(verb, [Pick(comment.id)], the_editor())
    soon = now() + timedelta(days=8)
    set_address_days(3650)
    assert delete_all_expired(soon) == 1  # the session
    with writing():
        current_site().hidden_days = 7
    assert delete_all_expired(now() + timedelta(days=6)) == 0
    assert delete_all_expired(soon) == 2
    for comment in map(fresh, (spam, removed)):
        assert (comment.body, comment.body_html, comment.name, comment.email) == ("", "", "", "")
        assert comment.reader_key
        assert not any(entry.subject for entry in db.session.query(AuditEntry).filter_by(comment_id=comment.id))
    assert [fresh(comment).body for comment in (held, visible)] == ["Text 2", "Text 3"]
    assert decide(audit_log.APPROVE, [Pick(spam.id)], the_editor()).comments == []
    assert delete_all_expired(soon) == 0


def test_deletion_works_in_batches_and_concurrently(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_SIZE", 3)
    comments_of_age(*[40] * 10)
    assert delete_expired_batch() == 3
    counts: list[int] = []

    def delete_all() -> None:
        with app.app_context():
            counts.append(delete_all_expired())

    threads = [threading.Thread(target=delete_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert with_address() == set()
    assert len(counts) == 4


def test_no_transaction_is_begun_when_nothing_expired(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    comments_of_age(1)

    def fail() -> Any:
        raise AssertionError("a transaction was begun")

    monkeypatch.setattr(retention, "writing", fail)
    assert delete_all_expired() == 0


def test_forget_command_prints_the_number(app: Flask) -> None:
    comments_of_age(31, 32)
    assert app.test_cli_runner().invoke(args=["forget"]).output == "2 forgotten.\n"


@pytest.mark.parametrize("processes", ["1", "2"])
def test_server_deletes_expired_rows_by_itself(serve: Callable[..., Server], blog: Flask, processes: str) -> None:
    _old, recent = comments_of_age(31, 1)
    serve(WEB_CONCURRENCY=processes)
    wait_until(lambda: with_address() == {recent}, seconds=20)
