from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Ban, Comment
from blog.comments.moderation.bans import possible_bans
from blog.db import db, now
from blog.editors.audit_log import describe_reason
from tests.comments.moderation.desk import bea, decide, fresh, log, post, undo
from tests.factories import HTMX, a_comment, a_post, signed_in

SPAM_TEXT = 'Buy <a href="https://www.Pills.example/x">pills</a> and <a href="https://more.example/">more</a>.'


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


@pytest.fixture
def mallory(app: Flask) -> Comment:
    return a_comment(
        a_post(),
        SPAM_TEXT,
        name="Mallory",
        email="Mallory@Spam.example",
        website="https://mallory.example/",
        reader_key="mal",
        address_key="home",
    )


def stored_bans() -> list[tuple[str, str]]:
    db.session.rollback()
    return sorted((ban.kind, ban.value) for ban in db.session.query(Ban))


def ban_ids() -> list[int]:
    db.session.rollback()
    return [ban.id for ban in db.session.query(Ban).order_by(Ban.id)]


def undo_ban(desk: FlaskClient, ban_id: int):
    return post(desk, f"/desk/bans/{ban_id}?_method=DELETE")


def ban(desk: FlaskClient, comment: Comment, *choices: str, headers: dict[str, str] | None = None, **form: str):
    return post(desk, f"/desk/comments/{comment.id}/bans", headers, choices=list(choices), **form)


def test_ban_form_offers_all_identifiers_of_a_comment(desk: FlaskClient, mallory: Comment) -> None:
    page = desk.get(f"/desk/comments/{mallory.id}/bans/new").text
    for part in ("This reader", "mallory@spam.example", "This network address", "pills.example", "more.example"):
        assert part in page
    assert list(possible_bans(mallory)) == [
        "reader", "email", "address", "domain:mallory.example", "domain:pills.example", "domain:more.example",
    ]  # fmt: skip


def test_ban_is_stored_and_marks_the_comment_as_spam(desk: FlaskClient, mallory: Comment) -> None:
    answer = ban(desk, mallory, "email", "domain:pills.example", "address", reason="pills again")
    assert answer.status_code == 303
    assert stored_bans() == [("address", "home"), ("domain", "pills.example"), ("email", "mallory@spam.example")]
    assert fresh(mallory).status == "spam"
    page = desk.get("/desk/bans").text
    assert "the address of Mallory’s response of" in page
    assert "pills again" in page
    assert "Ed" in page
    assert "home" not in page.replace('href="/"', "")
    assert {entry.verb for entry in log()} == {"ban", "spam"}
    assert {describe_reason(entry) for entry in log()} == {"pills again"}


def test_ban_holds_the_next_comment(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader")
    again = a_comment(mallory.post, "Quite harmless.", reader_key="mal")
    assert fresh(again).status == "held"
    assert a_comment(mallory.post, "Ann again.", reader_key="ann").visible


def test_ban_of_unrelated_values_is_refused(desk: FlaskClient, mallory: Comment) -> None:
    for choices in (("domain:example.org",), ("everybody",), ("",)):
        assert ban(desk, mallory, *choices).status_code == 409
    assert stored_bans() == []
    assert fresh(mallory).visible


def test_ban_without_a_choice_returns_the_form_with_its_reason(desk: FlaskClient, mallory: Comment) -> None:
    for headers in ({}, HTMX):
        answer = ban(desk, mallory, headers=headers, reason="pills & more")
        assert answer.status_code == 422
        assert "Choose at least one." in answer.text
        assert "pills &amp; more" in answer.text
    assert stored_bans() == []


def test_existing_bans_are_not_offered_again(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, *possible_bans(mallory))
    assert len(stored_bans()) == 6
    page = desk.get(f"/desk/comments/{mallory.id}/bans/new").text
    assert "Everything that could be banned is banned already." in page
    assert ban(desk, mallory, "reader").status_code == 409
    assert len(stored_bans()) == 6


def test_ban_is_refused_if_the_comment_has_changed(app: Flask, desk: FlaskClient, mallory: Comment) -> None:
    seen = str(mallory.version)
    decide(bea(app), mallory, "removal")
    answer = ban(desk, mallory, "reader", seen=seen)
    assert answer.status_code == 409
    assert "Bea decided on this first." in answer.text
    assert stored_bans() == []


def test_editors_reply_offers_no_bans(desk: FlaskClient, mallory: Comment) -> None:
    post(desk, f"/desk/comments/{mallory.id}/answers", body="No.")
    answer = db.session.query(Comment).filter_by(name="Ed").one()
    assert possible_bans(answer) == {}
    assert "bans/new" not in desk.get(f"/desk/comments/{answer.id}").text


def test_removed_ban_leaves_held_comments_held(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader")
    (ban_id,) = ban_ids()
    assert undo_ban(desk, ban_id).status_code == 303
    assert stored_bans() == []
    assert fresh(mallory).status == "spam"
    assert log()[0].verb == "unban"
    assert undo_ban(desk, ban_id).status_code == 404


def test_ban_and_its_removal_can_be_undone(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader", "email")
    undo(desk)
    assert stored_bans() == []
    assert fresh(mallory).visible
    ban(desk, mallory, "reader", reason="again")
    undo_ban(desk, *ban_ids())
    entry = log()[0]
    undo(desk, entry)
    assert stored_bans() == [("reader", "mal")]
    assert db.session.query(Ban).one().reason == "again"


def test_removed_bans_value_is_deleted_when_undo_expires(
    desk: FlaskClient, mallory: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ban(desk, mallory, "address", "reader")
    first, second = ban_ids()
    undo_ban(desk, first)
    for module in ("blog.comments.moderation.bans", "blog.editors.audit_log"):
        monkeypatch.setattr(f"{module}.now", lambda: now() + timedelta(minutes=11))
    undo_ban(desk, second)
    newest, older = (entry for entry in log() if entry.verb == "unban")
    assert "value" in newest.before
    assert older.before == ""
