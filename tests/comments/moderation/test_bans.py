from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Ban, Comment
from blog.comments.moderation.bans import bannable
from blog.db import db, now
from tests.comments.moderation.desk import bea, decide, fresh, log, post, undo
from tests.factories import HTMX, a_comment, a_post, signed_in

SPAM = 'Buy <a href="https://www.Pills.example/x">pills</a> and <a href="https://more.example/">more</a>.'


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


@pytest.fixture
def mallory(app: Flask) -> Comment:
    return a_comment(
        a_post(),
        SPAM,
        name="Mallory",
        email="Mallory@Spam.example",
        website="https://mallory.example/",
        reader_key="mal",
        address_key="home",
    )


def bans() -> list[tuple[str, str]]:
    db.session.rollback()
    return sorted((ban.kind, ban.value) for ban in db.session.query(Ban))


def ids() -> list[int]:
    db.session.rollback()
    return [ban.id for ban in db.session.query(Ban).order_by(Ban.id)]


def undo_ban(desk: FlaskClient, ban_id: int):
    return post(desk, f"/desk/bans/{ban_id}?_method=DELETE")


def ban(desk: FlaskClient, comment: Comment, *choices: str, headers: dict[str, str] | None = None, **form: str):
    return post(desk, f"/desk/comments/{comment.id}/bans", headers, choices=list(choices), **form)


def test_what_is_known_of_a_comment_is_offered(desk: FlaskClient, mallory: Comment) -> None:
    page = desk.get(f"/desk/comments/{mallory.id}/bans/new").text
    for part in ("This reader", "mallory@spam.example", "This network address", "pills.example", "more.example"):
        assert part in page
    assert list(bannable(mallory)) == [
        "reader", "email", "address", "domain:mallory.example", "domain:pills.example", "domain:more.example",
    ]  # fmt: skip


def test_a_ban_is_written_down_and_its_comment_is_spam(desk: FlaskClient, mallory: Comment) -> None:
    answer = ban(desk, mallory, "email", "domain:pills.example", "address", reason="pills again")
    assert answer.status_code == 303
    assert bans() == [("address", "home"), ("domain", "pills.example"), ("email", "mallory@spam.example")]
    assert fresh(mallory).status == "spam"
    page = desk.get("/desk/bans").text
    assert "the address of Mallory’s response of" in page  # noqa: RUF001
    assert "pills again" in page
    assert "Ed" in page
    assert "home" not in page.replace('href="/"', "")
    assert {entry.verb for entry in log()} == {"ban", "spam"}
    assert {entry.reason for entry in log()} == {"pills again"}


def test_the_next_response_of_who_is_banned_waits(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader")
    again = a_comment(mallory.post, "Quite harmless.", reader_key="mal")
    assert fresh(again).status == "held"
    assert a_comment(mallory.post, "Ann again.", reader_key="ann").visible


def test_only_what_is_known_of_the_comment_can_be_banned(desk: FlaskClient, mallory: Comment) -> None:
    for choices in (("domain:example.org",), ("everybody",), ("",)):
        assert ban(desk, mallory, *choices).status_code == 409
    assert bans() == []
    assert fresh(mallory).visible


def test_nothing_chosen_gives_the_form_back_with_the_reason_in_it(desk: FlaskClient, mallory: Comment) -> None:
    for headers in ({}, HTMX):
        answer = ban(desk, mallory, headers=headers, reason="pills & more")
        assert answer.status_code == 422
        assert "Choose at least one." in answer.text
        assert "pills &amp; more" in answer.text
    assert bans() == []


def test_what_is_banned_already_is_not_offered_again(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, *bannable(mallory))
    assert len(bans()) == 6
    page = desk.get(f"/desk/comments/{mallory.id}/bans/new").text
    assert "Everything that could be banned is banned already." in page
    assert ban(desk, mallory, "reader").status_code == 409
    assert len(bans()) == 6


def test_a_comment_that_changed_meanwhile_is_not_banned_unseen(app: Flask, desk: FlaskClient, mallory: Comment) -> None:
    seen = str(mallory.version)
    decide(bea(app), mallory, "removal")
    answer = ban(desk, mallory, "reader", seen=seen)
    assert answer.status_code == 409
    assert "Bea decided on this first." in answer.text
    assert bans() == []


def test_an_editors_own_answer_cannot_be_banned(desk: FlaskClient, mallory: Comment) -> None:
    post(desk, f"/desk/comments/{mallory.id}/answers", body="No.")
    answer = db.session.query(Comment).filter_by(name="Ed").one()
    assert bannable(answer) == {}
    assert "bans/new" not in desk.get(f"/desk/comments/{answer.id}").text


def test_a_ban_is_lifted_and_what_it_held_stays(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader")
    (standing,) = ids()
    assert undo_ban(desk, standing).status_code == 303
    assert bans() == []
    assert fresh(mallory).status == "spam"
    assert log()[0].verb == "unban"
    assert undo_ban(desk, standing).status_code == 404


def test_a_ban_and_its_lifting_are_undone(desk: FlaskClient, mallory: Comment) -> None:
    ban(desk, mallory, "reader", "email")
    undo(desk)
    assert bans() == []
    assert fresh(mallory).visible
    ban(desk, mallory, "reader", reason="again")
    undo_ban(desk, *ids())
    lifted = log()[0]
    undo(desk, lifted)
    assert bans() == [("reader", "mal")]
    assert db.session.query(Ban).one().reason == "again"


def test_the_hash_of_a_lifted_ban_goes_once_nothing_can_be_undone(
    desk: FlaskClient, mallory: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ban(desk, mallory, "address", "reader")
    first, second = ids()
    undo_ban(desk, first)
    for module in ("blog.comments.moderation.bans", "blog.editors.audit_log"):
        monkeypatch.setattr(f"{module}.now", lambda: now() + timedelta(minutes=11))
    undo_ban(desk, second)
    newest, older = (entry for entry in log() if entry.verb == "unban")
    assert "value" in newest.before
    assert older.before == ""
