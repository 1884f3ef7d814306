from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.posts.publishing import unpublish_post
from tests.comments.moderation.desk import bea, decide, fresh, hold, log, post, undo
from tests.factories import HTMX, a_comment, a_post, count, csrf, signed_in, why

KEY = "a-key-of-twenty-signs-"


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def reply_to(desk: FlaskClient, comment: Comment, body: str = "Thank you.", headers=None, **form: str):
    return post(desk, f"/desk/comments/{comment.id}/answers", headers, body=body, **form)


def newest_comment() -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Comment).order_by(Comment.id.desc()).first()


def test_reply_has_the_editors_name_and_parent(app: Flask, desk: FlaskClient) -> None:
    herons = a_post()
    comment = a_comment(herons)
    assert reply_to(desk, comment, "Thank *you*.").status_code == 303
    reply = newest_comment()
    assert (reply.name, reply.parent_id, reply.status) == ("Ed", comment.id, "visible")
    assert reply.editor_id is not None
    assert reply.reader_key is None
    assert reply.post.comment_count == 2
    assert "Thank <em>you</em>." in app.test_client().get(herons.path or "").text


def test_reply_approves_a_held_comment(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    reply = reply_to(desk, comment, headers=HTMX)
    assert "Replied." in reply.text
    assert fresh(comment).visible
    assert [entry.verb for entry in log()] == ["answer", "approve"]


def test_undo_removes_the_reply_and_holds_the_comment(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()), "a link")
    reply_to(desk, comment)
    reply = newest_comment()
    undo(desk)
    assert fresh(reply).status == "removed"
    assert fresh(comment).status == "held"
    assert why(fresh(comment)) == "a link"
    assert fresh(comment).post.comment_count == 0


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("body", ["  \n ", "x" * 10_001])
def test_refused_reply_returns_its_text(desk: FlaskClient, body: str, headers: dict[str, str]) -> None:
    comment = a_comment(a_post())
    refused = reply_to(desk, comment, body, headers)
    assert refused.status_code == 422
    assert body.strip() in refused.text
    assert count() == 1


def test_expired_token_returns_the_text(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    refused = desk.post(f"/desk/comments/{comment.id}/answers", data={"body": "Thanks.", "csrf_token": "old"})
    assert refused.status_code == 403
    assert "Thanks." in refused.text
    assert count() == 1


def test_expired_session_keeps_the_text_through_sign_in(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    nobody = app.test_client()
    response = nobody.post(
        f"/desk/comments/{comment.id}/answers", data={"body": "Thanks.", "csrf_token": csrf(nobody, "/desk/sign-in")}
    )
    assert response.status_code == 403
    assert 'name="kept-body"' in response.text
    assert "Thanks." in response.text
    assert count() == 1


def test_repeated_reply_is_posted_once(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    for _ in range(2):
        assert reply_to(desk, comment, key=KEY).status_code == 303
    assert count() == 2


def test_amended_reply_is_posted_too(desk: FlaskClient) -> None:
    first, second = a_comment(a_post()), a_comment(a_post("Otters"))
    for comment, body in [(first, "Yes."), (first, "Yes, often."), (first, "Yes, often."), (second, "Yes.")]:
        assert reply_to(desk, comment, body=body, key=KEY).status_code == 303
    replies = select(Comment.parent_id, Comment.body).where(Comment.editor_id.is_not(None)).order_by(Comment.id)
    db.session.rollback()
    assert [tuple(row) for row in db.session.execute(replies)] == [
        (first.id, "Yes."),
        (first.id, "Yes, often."),
        (second.id, "Yes."),
    ]


def test_key_of_a_reader_does_not_return_their_comment(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post(), "A secret of Bob's", key=KEY)
    hold(comment)
    other = a_comment(comment.post)
    response = reply_to(desk, other, "My answer.", HTMX, key=KEY)
    assert response.status_code == 200
    assert "A secret" not in response.text
    assert newest_comment().body == "My answer."


@pytest.mark.parametrize("noun", ["spam", "removal"])
def test_hidden_comment_cannot_be_replied_to(desk: FlaskClient, noun: str) -> None:
    comment = a_comment(a_post())
    decide(desk, comment, noun)
    refused = reply_to(desk, comment)
    assert refused.status_code == 422
    assert "Thank you." in refused.text
    assert count() == 1


def test_unpublished_post_accepts_no_reply(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    unpublish_post(comment.post_id)
    assert reply_to(desk, comment).status_code == 422


def test_second_editor_replies_under_their_name(app: Flask, desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    reply_to(bea(app), comment)
    assert newest_comment().name == "Bea"
    page = desk.get(f"/desk/comments/{comment.id}").text
    assert re.search(r"<b dir=\"auto\">Bea</b> ·\s+Replied", page)
