from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Comment
from blog.db import db
from blog.posts.models import Post
from tests.cast import HTMX, a_comment, a_post, csrf, signed_in


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def decide(desk: FlaskClient, comment: Comment, noun: str, **headers: str):
    form = {"csrf_token": csrf(desk, f"/desk/comments/{comment.id}")}
    return desk.post(f"/desk/comments/{comment.id}/{noun}", data=form, headers=headers)


def fresh(comment: Comment) -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id)


def test_a_held_comment_is_gone_for_readers_and_an_approved_one_is_back(app: Flask, desk: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "A word too much")
    path, reader = post.path or "", app.test_client()
    assert decide(desk, comment, "hold").status_code == 303
    assert "A word too much" not in reader.get(path).text
    assert "0</span> Response to" in reader.get(path).text
    assert fresh(comment).status_reason == "held by Ed"
    decide(desk, comment, "approval")
    assert "A word too much" in reader.get(path).text
    assert "1</span> Response to" in reader.get(path).text
    decide(desk, comment, "removal")
    assert "A word too much" not in reader.get(path).text


def test_each_decision_raises_the_version_and_counts_anew(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    for expected, noun in ((2, "hold"), (3, "approval"), (4, "removal")):
        decide(desk, comment, noun)
        post = db.session.get_one(Post, fresh(comment).post_id)
        assert post.thread_version == fresh(comment).version == expected
        assert post.comment_count == (1 if noun == "approval" else 0)


def test_by_htmx_the_verbs_come_back_in_their_place(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    answer = decide(desk, comment, "hold", **HTMX)
    assert answer.status_code == 200
    assert "Approve" in answer.text
    assert "<h1" not in answer.text


def test_the_list_shows_the_newest_first_by_state_by_words_and_by_post(desk: FlaskClient) -> None:
    first, second = a_post("First"), a_post("Second")
    a_comment(first, "About herons", email="ann@example.org")
    held = a_comment(second, "About 100% gulls")
    decide(desk, held, "hold")
    page = desk.get("/desk/comments").text
    assert page.index("gulls") < page.index("herons")
    assert "herons" not in desk.get("/desk/comments?state=held").text
    assert "gulls" not in desk.get("/desk/comments?q=heron").text
    assert "gulls" in desk.get("/desk/comments", query_string={"q": "100%"}).text
    assert "herons" not in desk.get("/desk/comments", query_string={"q": "%"}).text
    assert "herons" in desk.get("/desk/comments?q=ann@example.org").text
    assert "herons" not in desk.get(f"/desk/comments?post={second.id}").text
    assert desk.get("/desk/comments?state=else").status_code == 404


def test_nobody_but_an_editor_decides_or_sees_the_list(app: Flask) -> None:
    comment = a_comment(a_post(), email="ann@example.org")
    nobody = app.test_client()
    assert nobody.get("/desk/comments").status_code == 303
    assert nobody.get(f"/desk/comments/{comment.id}").status_code == 303
    token = csrf(nobody, "/desk/sign-in")
    for noun in ("approval", "hold", "removal"):
        answer = nobody.post(f"/desk/comments/{comment.id}/{noun}", data={"csrf_token": token})
        assert answer.status_code == 403
        assert "ann@example.org" not in answer.text
    assert fresh(comment).visible


def test_without_its_token_a_decision_is_refused(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    assert desk.post(f"/desk/comments/{comment.id}/hold").status_code == 400
    assert fresh(comment).visible


def test_a_comment_that_is_not_there_is_a_404(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    form = {"csrf_token": csrf(desk, f"/desk/comments/{comment.id}")}
    assert desk.post("/desk/comments/999/hold", data=form).status_code == 404
    assert desk.get("/desk/comments/999").status_code == 404
