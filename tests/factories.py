"""The standing cast: Ann, Bob and Mallory read and answer; and what they answer to."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.comments.posting.submit import Draft, post_comment
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.posts.labels import find_or_create_labels
from blog.posts.models import Post
from blog.posts.publishing import derive_fields, publish
from blog.site.models import current_site

HTMX = {"HX-Request": "true"}


def a_post(title: str = "Herons return", *, draft: bool = False, labels: tuple[str, ...] = (), **fields: Any) -> Post:
    """A published post, or a draft."""
    post = Post(title=title, **fields)
    derive_fields(post)
    with writing():
        db.session.add(post)
        post.labels = find_or_create_labels(list(labels))
        if not draft:
            publish(post, fields.get("published_at") or now(), current_site())
    return post


def a_comment(post: Post, body: str = "Seen one today.", parent: Comment | None = None, **fields: Any) -> Comment:
    """A comment that was posted the way readers post."""
    draft = {"name": "Ann", "email": "", "website": "", "key": f"key-{count()}", "reader_key": "r", "address_key": "a"}
    return post_comment(
        Draft(post_id=post.id, parent_id=parent.id if parent else None, body=body, **(draft | fields)), paced=False
    )


def count() -> int:
    """How many comments there are now, whatever this session had read before."""
    db.session.rollback()
    return db.session.query(Comment).count()


def token(client: FlaskClient, post: Post) -> dict[str, str]:
    """What htmx fetches at the first focus: a token and a submission key."""
    page = client.get(f"/posts/{post.id}/comments/token").text
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))


def answer(client: FlaskClient, post: Post, body: str, *, htmx: bool = True, **fields: str) -> TestResponse:
    """Post a comment as the form does, with a token."""
    form = token(client, post) | {"name": "Ann", "body": body} | fields
    return client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX if htmx else {})


def csrf(client: FlaskClient, path: str) -> str:
    """The form token on a page of the desk."""
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
    """Ed's browser, at the desk."""
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    client = app.test_client()
    sign_in(client, "ed@example.org", "a sentence to remember")
    return client
