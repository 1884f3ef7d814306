"""What was typed comes back with every refusal: as text to copy where the form itself cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.email_actions import decision_token
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import BAN, REMOVE
from blog.posts.models import Label, Post
from blog.posts.publishing import trash_post, unpublish_post
from tests.comments.moderation.desk import bea, hold, the_editor
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, token
from tests.posts.forms import open_form

TEXT = 'Seen <script>alert("one")</script> & a </textarea> today.'

# what has no text in it, or passwords alone
WITHOUT_TEXT = {
    "account_links.create_sign_in",
    "account_links.update_password",
    "accounts_desk.create_link",
    "accounts_desk.destroy",
    "accounts_desk.destroy_sessions",
    "accounts_desk.update_role",
    "comments_desk.create_decisions",
    "comments_desk.create_reversal",
    "comments_desk.destroy_ban",
    "comments_filter.update",
    "editors.create_session",  # gives back what it keeps by itself
    "editors.destroy_session",
    "editors.update_password",
    "exchange_desk.create",
    "following.create_confirmation",
    "following.create_end",
    "following.create_link",
    "following.create_silence",
    "following.destroy",
    "following.destroy_all",
    "mail_desk.create_test",
    "mail_desk.update_choice",
    "mailed_comments.create_reversal",
    "own_comments.destroy",
    "posts_desk.create_publication",
    "posts_desk.create_trash",
    "posts_desk.destroy_label",
    "posts_desk.destroy_publication",
    "posts_desk.destroy_trash",
    "privacy.create_comment_erasure",
    "privacy.create_erasure",
    "privacy.create_link",
    "privacy_desk.create",
    "voices.create_agreement",
    "voices.destroy_agreement",
}


@pytest.fixture
def post(app: Flask) -> Post:
    return a_post()


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def returned(answer: TestResponse, status: int) -> list[str]:
    """The texts to copy: each in a read-only field with a label, on a page that nobody keeps."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>alert" not in answer.text
    labels = html.fromstring(answer.text).xpath("//label[textarea[@readonly]]")
    assert all(label.text.strip() for label in labels)
    return [label.find("textarea").text.removeprefix("\n") for label in labels]


def in_form(answer: TestResponse, status: int, field: str = "body") -> str:
    """The text in its form, to be sent again or copied."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (area,) = html.fromstring(answer.text).xpath(f"//textarea[@name='{field}' and not(@readonly)]")
    return str(area.text).removeprefix("\n")


def gone(post: Post, how: str) -> None:
    if how == "erased":
        with writing():
            db.session.execute(delete(Post).where(Post.id == post.id))
    else:
        {"unpublished": unpublish_post, "trashed": trash_post}[how](post.id)


def write(client: FlaskClient, post: Post, path: str = "", **fields: Any) -> TestResponse:
    form = {"name": "Ann", "email": "ann@example.org", "body": TEXT} | fields
    return client.post(f"/posts/{post.id}/comments{path}", data=form)


@pytest.mark.parametrize("how", ["unpublished", "trashed", "erased"])
@pytest.mark.parametrize("path", ["", "/preview"])
def test_a_response_to_a_post_that_is_gone(client: FlaskClient, post: Post, how: str, path: str) -> None:
    form = token(client, post)
    gone(post, how)
    answer = write(client, post, path, **form)
    assert returned(answer, 404) == [TEXT, "Ann", "ann@example.org"]
    assert "could not be saved here" in answer.text


def test_a_reply_to_a_post_that_is_gone(client: FlaskClient, post: Post) -> None:
    form = token(client, post) | {"parent_id": str(a_comment(post).id)}
    gone(post, "unpublished")
    assert TEXT in returned(write(client, post, **form), 404)


def test_by_htmx_the_form_stays_and_the_sentence_goes_into_it(client: FlaskClient, post: Post) -> None:
    form = token(client, post) | {"body": TEXT}
    gone(post, "unpublished")
    answer = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (404, "#comment-error")


def test_a_post_that_goes_while_the_response_is_written_down(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blog.comments.posting import submit

    made = submit.examine

    def examine(*args: Any) -> Any:
        unpublish_post(post.id)
        return made(*args)

    monkeypatch.setattr(submit, "examine", examine)
    assert TEXT in returned(write(client, post, **token(client, post)), 404)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_thread_that_was_closed_gives_the_form_back(client: FlaskClient, post: Post, headers: dict[str, str]) -> None:
    form = token(client, post) | {"body": TEXT, "name": "Ann"}
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = now()
    answer = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
    assert in_form(answer, 403) == TEXT


def test_a_reply_to_what_was_removed_gives_the_form_back(app: Flask, desk: FlaskClient, post: Post) -> None:
    client, comment = app.test_client(), a_comment(post)
    form = token(client, post) | {"parent_id": str(comment.id)}
    decide(REMOVE, [Pick(comment.id)], the_editor())
    assert in_form(write(client, post, **form), 422) == TEXT


def own(client: FlaskClient, post: Post) -> Comment:
    client.post(f"/posts/{post.id}/comments", data=token(client, post) | {"body": "First", "name": "Ann"})
    db.session.rollback()
    return db.session.query(Comment).one()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("how", ["unpublished", "trashed", "erased", "deleted", "late", "closed"])
def test_a_change_of_what_can_no_longer_be_changed(
    client: FlaskClient, post: Post, how: str, headers: dict[str, str]
) -> None:
    comment = own(client, post)
    path, form = f"/posts/{post.id}/comments/{comment.id}", token(client, post) | {"body": TEXT}
    if how == "deleted":
        client.post(f"{path}?_method=DELETE", data=token(client, post))
    elif how in {"late", "closed"}:
        with writing():
            db.session.get_one(Post, post.id).comments_closed_at = now() if how == "closed" else None
            db.session.get_one(Comment, comment.id).created_at -= timedelta(hours=how == "late")
    elif how == "erased":
        with writing():
            db.session.execute(delete(Comment).where(Comment.id == comment.id))
    else:
        gone(post, how)
    answer = client.post(path, data=form, headers=headers)
    if how in {"deleted", "late", "closed"}:
        assert in_form(answer, {"deleted": 410, "late": 403, "closed": 409}[how]) == TEXT
    else:
        assert returned(answer, 404) == [TEXT]


def test_a_report_of_what_is_gone(client: FlaskClient, post: Post) -> None:
    form, comment = token(client, post) | {"reason": "Rude & <b>wrong</b>"}, a_comment(post)
    gone(post, "unpublished")
    assert returned(client.post(f"/posts/{post.id}/comments/{comment.id}/reports", data=form), 404) == [form["reason"]]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_editors_answer_under_a_post_that_is_gone(desk: FlaskClient, post: Post, headers: dict[str, str]) -> None:
    comment = a_comment(post)
    form = {"csrf_token": csrf(desk, "/desk/password"), "body": TEXT}
    path = f"/desk/comments/{comment.id}/answers"
    gone(post, "trashed")
    assert in_form(desk.post(path, data=form, headers=headers), 422) == TEXT
    with writing():
        db.session.execute(delete(Comment))
    if not headers:
        assert returned(desk.post(path, data=form), 404) == [TEXT]


def test_a_decision_of_which_another_editor_was_faster(app: Flask, desk: FlaskClient, post: Post) -> None:
    comment = hold(a_comment(post))
    form = {"csrf_token": csrf(desk, "/desk/password"), "seen": str(comment.version)}
    decide(audit_log.SPAM, [Pick(comment.id)], the_editor())
    answer = desk.post(f"/desk/comments/{comment.id}/hold", data=form | {"why": "A good reason"})
    assert returned(answer, 409) == ["A good reason"]
    ban = form | {"choices": "reader", "reason": "Another reason"}
    assert returned(desk.post(f"/desk/comments/{comment.id}/bans", data=ban), 409) == ["Another reason"]


def test_a_ban_by_a_link_that_has_ended(app: Flask, desk: FlaskClient, post: Post) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://blog.example.org")
    comment = hold(a_comment(post))
    address = f"/mail/decisions/{decision_token(the_editor(), comment, BAN)}"
    decide(audit_log.SPAM, [Pick(comment.id)], the_editor())
    answer = app.test_client().post(address, data={"choices": "reader", "reason": "A good reason"})
    assert returned(answer, 409) == ["A good reason"]


def test_a_post_that_is_no_longer_there(desk: FlaskClient, post: Post) -> None:
    form = open_form(desk, post) | {"title": "Herons", "body": TEXT, "note": "A note"}
    gone(post, "erased")
    for path in ("", "/preview"):
        texts = returned(desk.post(f"/desk/posts/{post.id}{path}", data=form), 404)
        assert {"Herons", TEXT, "A note"} <= set(texts)


def test_a_post_that_another_editor_threw_away_keeps_the_form(app: Flask, desk: FlaskClient, post: Post) -> None:
    form = open_form(desk, post) | {"body": TEXT, "then": "save"}
    other = bea(app)
    other.post(f"/desk/posts/{post.id}/trash", data={"csrf_token": csrf(other, "/desk/password")})
    assert in_form(desk.post(f"/desk/posts/{post.id}", data=form), 409) == TEXT


def test_the_name_of_a_label_that_was_deleted(desk: FlaskClient) -> None:
    a_post("Storks", labels=("Birds",))
    form = {"csrf_token": csrf(desk, "/desk/labels/1"), "name": "Large birds"}
    with writing():
        db.session.delete(db.session.get_one(Label, 1))
    assert returned(desk.post("/desk/labels/1", data=form), 404) == ["Large birds"]


def test_settings_whose_token_has_ended_or_that_cannot_be_written(
    desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"csrf_token": "old", "title": "Birds", "menu": "A | /a\nB | /b", "approvals": "3"}
    assert {"Birds", form["menu"], "3"} <= set(returned(desk.post("/desk/settings", data=form), 400))
    form["csrf_token"] = csrf(desk, "/desk/settings")

    def away(_values: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("away"))

    monkeypatch.setattr("blog.site.desk.SettingsForm.validate", lambda _form: True)
    monkeypatch.setattr("blog.site.desk.change_settings", away)
    answer = desk.post("/desk/settings", data=form)  # by a form that sends it again
    assert answer.status_code == 503
    assert "\nBirds</textarea>" in answer.text


def test_no_password_comes_back(app: Flask, desk: FlaskClient) -> None:
    form = {"csrf_token": "old", "current": "a sentence to remember", "password": "hush", "again": "hush"}
    assert returned(desk.post("/desk/password", data=form), 400) == []
    assert "hush" not in desk.post("/desk/password", data=form).text


def test_every_view_that_text_is_sent_to_gives_it_back(app: Flask) -> None:
    writing_views = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    without = {name for name in writing_views if not getattr(app.view_functions[name], "text_labels", None)}
    assert without == WITHOUT_TEXT


def test_no_password_comes_back_when_it_could_not_be_saved(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("away"))

    form = {"csrf_token": csrf(desk, "/desk/password"), "current": "a sentence to remember", "password": "hush " * 5}
    monkeypatch.setattr("blog.editors.desk.change_password", away)
    answer = desk.post("/desk/password", data=form | {"again": "hush " * 5})
    assert answer.status_code == 503
    assert "hush" not in answer.text
    assert "a sentence to remember" not in answer.text
