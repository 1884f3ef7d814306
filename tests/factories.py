"""Create posts, comments and clients for tests."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.comments.posting.submit import post_comment
from blog.comments.screening.submission import Submission
from blog.comments.status_reasons import translate_status_reason
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, Editor
from blog.editors.sessions import begin_session
from blog.posts.labels import find_or_create_labels
from blog.posts.models import Post
from blog.posts.publishing import derive_fields, publish
from blog.site.models import current_site

HTMX = {"HX-Request": "true"}


def a_post(title: str = "Herons return", *, draft: bool = False, labels: tuple[str, ...] = (), **fields: Any) -> Post:
    """Create a published post, or a draft."""
    post = Post(title=title, **fields)
    derive_fields(post)
    with writing():
        db.session.add(post)
        post.labels = find_or_create_labels(list(labels))
        if not draft:
            publish(post, fields.get("published_at") or now(), current_site())
    return post


def a_comment(post: Post, body: str = "Seen one today.", parent: Comment | None = None, **fields: Any) -> Comment:
    """Post a comment as readers do."""
    draft = {"name": "Ann", "email": "", "website": "", "key": f"key-{count()}", "reader_key": "r", "address_key": "a"}
    submission = Submission(post_id=post.id, parent_id=parent.id if parent else None, body=body, **(draft | fields))
    return post_comment(submission, throttled=False)


def why(comment: Comment) -> str:
    """Return why a comment is held, spam or removed, as editors read it."""
    return translate_status_reason(comment.status_reason)


def count() -> int:
    """Count the comments in the database, past this session's cache."""
    db.session.rollback()
    return db.session.query(Comment).count()


def token(client: FlaskClient, post: Post) -> dict[str, str]:
    """Fetch CSRF token and submission key, as htmx does at first focus."""
    page = client.get(f"/posts/{post.id}/comments/token").text
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))


def answer(client: FlaskClient, post: Post, body: str, *, htmx: bool = True, **fields: str) -> TestResponse:
    """Post a comment as the form does, with a CSRF token."""
    form = token(client, post) | {"name": "Ann", "body": body} | fields
    return client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX if htmx else {})


def csrf(client: FlaskClient, path: str) -> str:
    """Return the CSRF token on a page of the desk."""
    page = client.get(path).text
    return re.search(r'name="csrf_token"[^>]* value="([^"]*)"', page)[1]  # type: ignore[index]


def sign_in(
    client: FlaskClient,
    email: str,
    password: str,
    environ_overrides: dict[str, str] | None = None,
    **fields: str,
) -> TestResponse:
    form = {"csrf_token": csrf(client, "/desk/sign-in"), "email": email, "password": password} | fields
    return client.post("/desk/session", data=form, environ_overrides=environ_overrides or {})


def signed_in(app: Flask) -> FlaskClient:
    """Return a client that is signed in as Ed, an owner."""
    return add_session(app.test_client(), add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember"))


def add_session(client: FlaskClient, editor: Editor) -> FlaskClient:
    """Give a client the session that a sign-in would give it."""
    session_id = begin_session(editor, remember=False)
    with client.session_transaction() as session:
        session["desk"] = session_id
    return client
