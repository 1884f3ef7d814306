from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Comment
from blog.db import db
from blog.posts.publishing import unpublish_post
from tests.comments.moderation.desk import bea, decide, fresh, hold, log, post, undo
from tests.factories import HTMX, a_comment, a_post, count, csrf, signed_in

KEY = "a-key-of-twenty-signs-"


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def answer(desk: FlaskClient, comment: Comment, body: str = "Thank you.", headers=None, **form: str):
    return post(desk, f"/desk/comments/{comment.id}/answers", headers, body=body, **form)


def the_answer() -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Comment).order_by(Comment.id.desc()).first()


def test_an_editor_answers_in_their_own_name_under_the_comment(app: Flask, desk: FlaskClient) -> None:
    herons = a_post()
    comment = a_comment(herons)
    assert answer(desk, comment, "Thank *you*.").status_code == 303
    given = the_answer()
    assert (given.name, given.parent_id, given.status) == ("Ed", comment.id, "visible")
    assert given.editor_id is not None
    assert given.reader_key is None
    assert given.post.comment_count == 2
    assert "Thank <em>you</em>." in app.test_client().get(herons.path or "").text


def test_what_waits_is_approved_with_the_answer(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    reply = answer(desk, comment, headers=HTMX)
    assert "Replied." in reply.text
    assert fresh(comment).visible
    assert [entry.verb for entry in log()] == ["answer", "approve"]


def test_undoing_the_answer_removes_it_and_lets_the_comment_wait_again(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()), "a link")
    answer(desk, comment)
    given = the_answer()
    undo(desk)
    assert fresh(given).status == "removed"
    assert fresh(comment).status == "held"
    assert fresh(comment).status_reason == "a link"
    assert fresh(comment).post.comment_count == 0


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("body", ["  \n ", "x" * 10_001])
def test_a_refused_answer_comes_back_with_its_text(desk: FlaskClient, body: str, headers: dict[str, str]) -> None:
    comment = a_comment(a_post())
    refused = answer(desk, comment, body, headers)
    assert refused.status_code == 422
    assert body.strip() in refused.text
    assert count() == 1


def test_an_expired_token_gives_the_text_back(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    refused = desk.post(f"/desk/comments/{comment.id}/answers", data={"body": "Thanks.", "csrf_token": "old"})
    assert refused.status_code == 403
    assert "Thanks." in refused.text
    assert count() == 1


def test_after_the_session_has_ended_the_text_goes_through_the_sign_in(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    nobody = app.test_client()
    shown = nobody.post(
        f"/desk/comments/{comment.id}/answers", data={"body": "Thanks.", "csrf_token": csrf(nobody, "/desk/sign-in")}
    )
    assert shown.status_code == 403
    assert 'name="kept-body"' in shown.text
    assert "Thanks." in shown.text
    assert count() == 1


def test_the_same_answer_twice_is_one(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    for _ in range(2):
        assert answer(desk, comment, key=KEY).status_code == 303
    assert count() == 2


def test_a_key_that_a_reader_used_makes_no_answer_of_theirs(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post(), "A secret of Bob's", key=KEY)
    hold(comment)
    other = a_comment(comment.post)
    shown = answer(desk, other, "My answer.", HTMX, key=KEY)
    assert shown.status_code == 200
    assert "A secret" not in shown.text
    assert the_answer().body == "My answer."


@pytest.mark.parametrize("noun", ["spam", "removal"])
def test_what_is_not_shown_is_not_answered(desk: FlaskClient, noun: str) -> None:
    comment = a_comment(a_post())
    decide(desk, comment, noun)
    refused = answer(desk, comment)
    assert refused.status_code == 422
    assert "Thank you." in refused.text
    assert count() == 1


def test_under_a_post_that_nobody_sees_nothing_is_answered(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    unpublish_post(comment.post_id)
    assert answer(desk, comment).status_code == 422


def test_another_editor_answers_in_their_own_name(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    answer(bea(app), comment)
    assert the_answer().name == "Bea"
    page = desk.get(f"/desk/comments/{comment.id}").text
    assert re.search(r"<b dir=\"auto\">Bea</b> · Replied", page)
