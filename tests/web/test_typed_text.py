"""Test that every refused request returns the typed text."""

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

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.email_actions import decision_token
from blog.comments.screening.submission import Submission
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import BAN, REMOVE
from blog.posts.models import Label, Post
from blog.posts.publishing import trash_post, unpublish_post
from tests.comments.moderation.desk import bea, hold, the_editor
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, token
from tests.posts.forms import open_form

TEXT = 'Seen <script>alert("one")</script> & a </textarea> today.'

# views that take no text, or only passwords
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
    "screening_desk.update",
    "editors.create_session",  # returns its drafts by itself
    "editors.destroy_session",
    "icon_desk.destroy",
    "icon_desk.update",
    "editors.update_password",
    "importing_desk.create",
    "followers.create_confirmation",
    "followers.create_end",
    "followers.create_silence",
    "followers.destroy",
    "followers.destroy_all",
    "mail_desk.create_test",
    "mail_desk.update_choice",
    "moderation_email.create_reversal",
    "author_comments.destroy",
    "posts_desk.create_publication",
    "posts_desk.create_trash",
    "posts_desk.destroy_label",
    "posts_desk.destroy_publication",
    "posts_desk.destroy_trash",
    "privacy.create_comment_erasure",
    "privacy.create_erasure",
    "privacy_desk.create",
    "reactions.create_agreement",
    "reactions.destroy_agreement",
}


@pytest.fixture
def post(app: Flask) -> Post:
    return a_post()


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def texts_to_copy(answer: TestResponse, status: int) -> list[str]:
    """Return the texts in labelled read-only fields of an uncached page."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>alert" not in answer.text
    labels = html.fromstring(answer.text).xpath("//label[textarea[@readonly]]")
    assert all(label.text.strip() for label in labels)
    return [label.find("textarea").text.removeprefix("\n") for label in labels]


def text_in_form(answer: TestResponse, status: int, field: str = "body") -> str:
    """Return the text in its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (area,) = html.fromstring(answer.text).xpath(f"//textarea[@name='{field}' and not(@readonly)]")
    return str(area.text).removeprefix("\n")


def withdraw_post(post: Post, how: str) -> None:
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
def test_comment_on_a_missing_post_returns_the_text(client: FlaskClient, post: Post, how: str, path: str) -> None:
    form = token(client, post)
    withdraw_post(post, how)
    answer = write(client, post, path, **form)
    assert texts_to_copy(answer, 404) == [TEXT, "Ann", "ann@example.org"]
    assert "could not be saved here" in answer.text


def test_reply_on_a_missing_post_returns_the_text(client: FlaskClient, post: Post) -> None:
    form = token(client, post) | {"parent_id": str(a_comment(post).id)}
    withdraw_post(post, "unpublished")
    assert TEXT in texts_to_copy(write(client, post, **form), 404)


def test_htmx_error_leaves_the_form_in_place(client: FlaskClient, post: Post) -> None:
    form = token(client, post) | {"body": TEXT}
    withdraw_post(post, "unpublished")
    answer = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (404, "#comment-error")


def test_comment_returns_the_text_if_the_post_vanishes_meanwhile(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blog.comments.posting import submit

    prepare = submit.prepare_screening

    def prepare_screening(submission: Submission) -> None:
        unpublish_post(post.id)
        prepare(submission)

    monkeypatch.setattr(submit, "prepare_screening", prepare_screening)
    assert TEXT in texts_to_copy(write(client, post, **token(client, post)), 404)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_closed_thread_returns_the_form(client: FlaskClient, post: Post, headers: dict[str, str]) -> None:
    form = token(client, post) | {"body": TEXT, "name": "Ann"}
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = now()
    answer = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
    assert text_in_form(answer, 403) == TEXT


def test_reply_to_a_removed_comment_returns_the_form(app: Flask, desk: FlaskClient, post: Post) -> None:
    client, comment = app.test_client(), a_comment(post)
    form = token(client, post) | {"parent_id": str(comment.id)}
    decide(REMOVE, [Pick(comment.id)], the_editor())
    assert text_in_form(write(client, post, **form), 422) == TEXT


def post_comment(client: FlaskClient, post: Post) -> Comment:
    client.post(f"/posts/{post.id}/comments", data=token(client, post) | {"body": "First", "name": "Ann"})
    db.session.rollback()
    return db.session.query(Comment).one()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("how", ["unpublished", "trashed", "erased", "deleted", "late", "closed"])
def test_edit_of_an_uneditable_comment_returns_the_text(
    client: FlaskClient, post: Post, how: str, headers: dict[str, str]
) -> None:
    comment = post_comment(client, post)
    path, form = f"/posts/{post.id}/comments/{comment.id}", token(client, post) | {"body": TEXT}
    if how == "deleted":
        client.post(f"{path}?_method=DELETE", data=token(client, post))
    elif how in {"late", "closed"}:
        with changing_threads():
            db.session.get_one(Post, post.id).comments_closed_at = now() if how == "closed" else None
            db.session.get_one(Comment, comment.id).created_at -= timedelta(hours=how == "late")
    elif how == "erased":
        with writing():
            db.session.execute(delete(Comment).where(Comment.id == comment.id))
    else:
        withdraw_post(post, how)
    answer = client.post(path, data=form, headers=headers)
    if how in {"deleted", "late", "closed"}:
        assert text_in_form(answer, {"deleted": 410, "late": 403, "closed": 409}[how]) == TEXT
    else:
        assert texts_to_copy(answer, 404) == [TEXT]


def test_report_on_a_missing_post_returns_the_text(client: FlaskClient, post: Post) -> None:
    form, comment = token(client, post) | {"reason": "Rude & <b>wrong</b>"}, a_comment(post)
    withdraw_post(post, "unpublished")
    assert texts_to_copy(client.post(f"/posts/{post.id}/comments/{comment.id}/reports", data=form), 404) == [
        form["reason"]
    ]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_editor_reply_on_a_missing_post_returns_the_text(
    desk: FlaskClient, post: Post, headers: dict[str, str]
) -> None:
    comment = a_comment(post)
    form = {"csrf_token": csrf(desk, "/desk/password"), "body": TEXT}
    path = f"/desk/comments/{comment.id}/answers"
    withdraw_post(post, "trashed")
    assert text_in_form(desk.post(path, data=form, headers=headers), 422) == TEXT
    with writing():
        db.session.execute(delete(Comment))
    if not headers:
        assert texts_to_copy(desk.post(path, data=form), 404) == [TEXT]


def test_outdated_decision_returns_the_text(app: Flask, desk: FlaskClient, post: Post) -> None:
    comment = hold(a_comment(post))
    form = {"csrf_token": csrf(desk, "/desk/password"), "seen": str(comment.version)}
    decide(audit_log.SPAM, [Pick(comment.id)], the_editor())
    answer = desk.post(f"/desk/comments/{comment.id}/hold", data=form | {"why": "A good reason"})
    assert texts_to_copy(answer, 409) == ["A good reason"]
    ban = form | {"choices": "reader", "reason": "Another reason"}
    assert texts_to_copy(desk.post(f"/desk/comments/{comment.id}/bans", data=ban), 409) == ["Another reason"]


def test_ban_by_an_expired_link_returns_the_text(app: Flask, desk: FlaskClient, post: Post) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://blog.example.org")
    comment = hold(a_comment(post))
    address = f"/mail/decisions/{decision_token(the_editor(), comment, BAN)}"
    decide(audit_log.SPAM, [Pick(comment.id)], the_editor())
    answer = app.test_client().post(address, data={"choices": "reader", "reason": "A good reason"})
    assert texts_to_copy(answer, 409) == ["A good reason"]


def test_edit_of_a_missing_post_returns_the_text(desk: FlaskClient, post: Post) -> None:
    form = open_form(desk, post) | {"title": "Herons", "body": TEXT, "note": "A note"}
    withdraw_post(post, "erased")
    for path in ("", "/preview"):
        texts = texts_to_copy(desk.post(f"/desk/posts/{post.id}{path}", data=form), 404)
        assert {"Herons", TEXT, "A note"} <= set(texts)


def test_edit_of_a_trashed_post_returns_the_form(app: Flask, desk: FlaskClient, post: Post) -> None:
    form = open_form(desk, post) | {"body": TEXT, "then": "save"}
    other = bea(app)
    other.post(f"/desk/posts/{post.id}/trash", data={"csrf_token": csrf(other, "/desk/password")})
    assert text_in_form(desk.post(f"/desk/posts/{post.id}", data=form), 409) == TEXT


def test_rename_of_a_deleted_label_returns_the_text(desk: FlaskClient) -> None:
    a_post("Storks", labels=("Birds",))
    form = {"csrf_token": csrf(desk, "/desk/labels/1"), "name": "Large birds"}
    with writing():
        db.session.delete(db.session.get_one(Label, 1))
    assert texts_to_copy(desk.post("/desk/labels/1", data=form), 404) == ["Large birds"]


def test_unsaved_settings_return_the_text(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"csrf_token": "old", "title": "Birds", "menu": "A | /a\nB | /b", "approvals": "3"}
    assert {"Birds", form["menu"], "3"} <= set(texts_to_copy(desk.post("/desk/settings", data=form), 400))
    form["csrf_token"] = csrf(desk, "/desk/settings")

    def raise_unavailable(_values: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("away"))

    monkeypatch.setattr("blog.site.desk.SettingsForm.validate", lambda _form: True)
    monkeypatch.setattr("blog.site.desk.change_settings", raise_unavailable)
    answer = desk.post("/desk/settings", data=form)
    assert answer.status_code == 503
    assert "\nBirds</textarea>" in answer.text


def test_password_is_never_returned(app: Flask, desk: FlaskClient) -> None:
    form = {"csrf_token": "old", "current": "a sentence to remember", "password": "hush", "again": "hush"}
    assert texts_to_copy(desk.post("/desk/password", data=form), 400) == []
    assert "hush" not in desk.post("/desk/password", data=form).text


def test_every_writing_view_declares_its_text(app: Flask) -> None:
    writing_views = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    without = {name for name in writing_views if not getattr(app.view_functions[name], "text_labels", None)}
    assert without == WITHOUT_TEXT


def test_password_is_never_returned_on_a_database_error(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_unavailable(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("away"))

    form = {"csrf_token": csrf(desk, "/desk/password"), "current": "a sentence to remember", "password": "hush " * 5}
    monkeypatch.setattr("blog.editors.desk.change_password", raise_unavailable)
    answer = desk.post("/desk/password", data=form | {"again": "hush " * 5})
    assert answer.status_code == 503
    assert "hush" not in answer.text
    assert "a sentence to remember" not in answer.text
