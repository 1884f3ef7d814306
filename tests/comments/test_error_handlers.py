"""Test that every refused form of readers comes back with its text, status and Retry-After."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.posts.models import Post
from blog.posts.publishing import unpublish_post
from blog.settings import Settings
from tests.factories import HTMX, a_post, token
from tests.system.visits import change
from tests.web.test_error_pages import failing_statements

COMMENTS = "/posts/1/comments"
TEXT = 'Seen <b>one</b> & "two".'
ADDRESS = "ann@example.org"


class Form(NamedTuple):
    """Describe a form: where it is sent, its text, and a text that is refused."""

    address: str
    field: str
    text: str
    invalid: str


FORMS = {
    "comment": Form(COMMENTS, "body", TEXT, TEXT * 1000),
    "preview": Form(f"{COMMENTS}/preview", "body", TEXT, TEXT * 1000),
    "edit": Form(f"{COMMENTS}/1", "body", TEXT, TEXT * 1000),
    "report": Form(f"{COMMENTS}/1/reports", "reason", TEXT, TEXT * 100),
    "subscriptions link": Form("/mail", "email", ADDRESS, "ann at example.org"),
    "privacy link": Form("/privacy/link", "email", ADDRESS, "ann at example.org"),
}


@dataclass
class Attempt:
    """Hold a request that will be refused."""

    client: FlaskClient
    form: Form
    headers: dict[str, str]
    fields: dict[str, str]
    failing: AbstractContextManager[None] = field(default_factory=nullcontext)

    def send(self) -> TestResponse:
        with self.failing:
            return self.client.post(self.form.address, data=self.fields, headers=self.headers)


def send_a_wrong_token(attempt: Attempt) -> None:
    attempt.fields["csrf_token"] = "guess"


def send_no_token(attempt: Attempt) -> None:
    del attempt.fields["csrf_token"]


def send_an_invalid_text(attempt: Attempt) -> None:
    attempt.fields[attempt.form.field] = attempt.form.invalid


def name_a_missing_parent(attempt: Attempt) -> None:
    attempt.fields["parent_id"] = "999"


def reach_the_limit(attempt: Attempt) -> None:
    for _ in range(31):
        if attempt.send().status_code == 429:
            break


def edit_at_once(attempt: Attempt) -> None:
    set_throttled(attempt.client, throttled=True)
    attempt.client.post(attempt.form.address, data=attempt.fields | {"body": "Another text."})


def post_at_once(attempt: Attempt) -> None:
    set_throttled(attempt.client, throttled=True)


def close_the_thread(_attempt: Attempt) -> None:
    with writing():
        db.session.get_one(Post, 1).comments_closed_at = now()


def hide_the_comment(_attempt: Attempt) -> None:
    change(db.session.get_one(Comment, 1), "hold", "why")


def remove_the_comment(_attempt: Attempt) -> None:
    change(db.session.get_one(Comment, 1), "remove", "why")


def delete_the_comment(_attempt: Attempt) -> None:
    with writing():
        db.session.execute(delete(Comment))


def unpublish(_attempt: Attempt) -> None:
    unpublish_post(1)


def lose_the_database(attempt: Attempt) -> None:
    attempt.failing = failing_statements("SELECT")


def fill_the_disk(attempt: Attempt) -> None:
    attempt.failing = failing_statements(("INSERT", "UPDATE"))


def hit_a_bug(attempt: Attempt) -> None:
    attempt.failing = failing_statements("SELECT", ProgrammingError("SELECT", None, Exception("no such function")))


def set_throttled(client: FlaskClient, *, throttled: bool) -> None:
    """Turn the throttle of comments and edits on or off; limits by address are on."""
    config = client.application.config
    config["SETTINGS"] = replace(config["SETTINGS"], ratelimit_enabled=throttled)


ON_POSTS = ("comment", "preview", "edit", "report")
LIMITED = ("preview", "report", "subscriptions link", "privacy link")
# what happens, to which forms, and the status of the answer
CASES = [
    *((form, (send_a_wrong_token,), 403) for form in FORMS),
    *((form, (send_no_token,), 403) for form in FORMS),
    *((form, (send_an_invalid_text,), 422) for form in FORMS),
    *((form, (lose_the_database,), 503) for form in FORMS),
    *((form, (fill_the_disk,), 503) for form in ("comment", "edit", "report")),
    *((form, (hit_a_bug,), 500) for form in ON_POSTS),
    *((form, (unpublish,), 404) for form in ON_POSTS),
    *((form, (reach_the_limit,), 429) for form in LIMITED),
    *((form, (reach_the_limit, lose_the_database), 503) for form in ("preview", "report")),
    *((form, (reach_the_limit, lose_the_database), 429) for form in ("subscriptions link", "privacy link")),
    *((form, (reach_the_limit, unpublish), 404) for form in ("preview", "report")),
    ("report", (reach_the_limit, hide_the_comment), 404),
    ("comment", (post_at_once,), 429),
    ("edit", (edit_at_once,), 429),
    ("comment", (close_the_thread,), 403),
    ("edit", (close_the_thread,), 409),
    ("comment", (name_a_missing_parent,), 422),
    ("edit", (remove_the_comment,), 410),
    ("edit", (delete_the_comment,), 404),
    ("report", (hide_the_comment,), 404),
    ("report", (delete_the_comment,), 404),
]
# without JavaScript the first of two steps
CONFIRMED = {("comment", send_no_token), ("preview", send_no_token)}


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    mail = {"smtp_host": "localhost", "mail_from": "blog@example.org", "blog_url": "http://localhost"}
    return Settings(blog_instance=tmp_path, database_url=database, **mail)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return the client of a reader who has written comment 1 on post 1."""
    client, post = app.test_client(), a_post()
    set_throttled(client, throttled=False)
    client.post(COMMENTS, data=token(client, post) | {"name": "Ann", "body": "Seen none."})
    db.session.rollback()
    return client


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("name", "failures", "status"),
    CASES,
    ids=[f"{name}-{'-'.join(each.__name__ for each in failures)}" for name, failures, _ in CASES],
)
def test_refused_form_returns_its_text(client, name, failures, status, headers) -> None:
    form = FORMS[name]
    attempt = Attempt(client, form, headers, token(client, db.session.get_one(Post, 1)) | {form.field: form.text})
    for fail in failures:
        fail(attempt)
    answer = attempt.send()
    first_step = (name, failures[0]) in CONFIRMED and not headers
    assert answer.status_code == (200 if first_step else status), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    wait = int(answer.headers.get("Retry-After", 0))
    assert wait == 30 if status == 503 else 1 <= wait <= 3600 if status == 429 else not wait
    assert attempt.fields[form.field] in unescape(answer.text) or leaves_the_form(name, answer)


def leaves_the_form(name: str, answer: TestResponse) -> bool:
    """Return whether htmx shows the answer beside the form, which keeps its text."""
    if answer.request.headers.get("HX-Request") != "true":
        return False
    places = {("comment", 404): "#comment-error", ("preview", 404): "#comment-error", ("preview", 422): None}
    key = (name, answer.status_code)
    return key in places and answer.headers.get("HX-Retarget") == places[key]
