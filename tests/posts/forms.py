"""Fill in and submit the form of a post."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from blog.db import Record, db
from blog.posts.models import Post


def form_in(page: str) -> dict[str, str]:
    """Return the fields of a page's form as a browser submits them."""
    form = html.document_fromstring(page).xpath("//form[@class='writing']")[0]
    return {name: value.removeprefix("\n") for name, value in form.form_values()}


def open_form(client: FlaskClient, post: Post | None = None) -> dict[str, str]:
    return form_in(client.get(f"/desk/posts/{post.id}/edit" if post else "/desk/posts/new").text)


def send(client: FlaskClient, form: dict[str, Any], post: Post | None = None, **fields: Any) -> TestResponse:
    """Submit the form; `then` names the button."""
    data = {"then": "save"} | form | fields
    return client.post(f"/desk/posts/{post.id}" if post else "/desk/posts", data=data)


def write(client: FlaskClient, post: Post | None = None, **fields: Any) -> TestResponse:
    """Open the form, fill in these fields and submit it."""
    return send(client, open_form(client, post), post, **fields)


def reload(post: Post) -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Post, post.id)


def only_post() -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Post).one()


def count_rows(kind: type[Record]) -> int:
    db.session.rollback()
    return db.session.query(kind).count()
