"""The writing form, filled in and sent the way a browser does it."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from blog.db import Record, db
from blog.posts.models import Post


def form_in(page: str) -> dict[str, str]:
    """What a browser would send of the writing form on a page, but for the button."""
    form = html.document_fromstring(page).xpath("//form[@class='writing']")[0]
    return {name: value.removeprefix("\n") for name, value in form.form_values()}


def opened(client: FlaskClient, post: Post | None = None) -> dict[str, str]:
    return form_in(client.get(f"/desk/posts/{post.id}/edit" if post else "/desk/posts/new").text)


def send(client: FlaskClient, form: dict[str, Any], post: Post | None = None, **fields: Any) -> TestResponse:
    """Press a button of the form; `then` is which."""
    data = {"then": "save"} | form | fields
    return client.post(f"/desk/posts/{post.id}" if post else "/desk/posts", data=data)


def write(client: FlaskClient, post: Post | None = None, **fields: Any) -> TestResponse:
    """Open the form, type these fields, press a button."""
    return send(client, opened(client, post), post, **fields)


def afresh(post: Post) -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Post, post.id)


def only_post() -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Post).one()


def how_many(kind: type[Record]) -> int:
    db.session.rollback()
    return db.session.query(kind).count()
