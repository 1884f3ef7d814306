"""A text is read, which is slow, only once everything else allows it: the form's token, its bounds, every limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markdown_it import MarkdownIt

from blog import create_app
from blog.comments.models import Comment
from blog.comments.posting.closing import closed_because
from blog.db import db, now, writing
from blog.settings import Settings
from blog.web.rate_limits import PREVIEW_LIMIT
from tests.factories import HTMX, a_post, answer, count, token

Headers = dict[str, str]
HEADERS = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts that went through Markdown."""
    texts: list[str] = []
    render = MarkdownIt.render

    def noted(self: MarkdownIt, text: str, *given: Any) -> str:
        texts.append(text)
        return render(self, text, *given)

    monkeypatch.setattr(MarkdownIt, "render", noted)
    yield texts


@pytest.fixture
def paced(app: Flask, settings: Settings) -> FlaskClient:
    """A reader of a blog on which all limits hold."""
    return create_app(replace(settings, ratelimit_enabled=True)).test_client()


@HEADERS
@pytest.mark.parametrize("path", ["", "/preview"])
@pytest.mark.parametrize("csrf_token", ["", "guess"])
def test_without_a_token_of_ours_no_text_is_read(
    client: FlaskClient, read: list[str], headers: Headers, path: str, csrf_token: str
) -> None:
    post = a_post()
    sent = {"name": "Ann", "body": "Seen **one**.", "csrf_token": csrf_token}
    page = client.post(f"/posts/{post.id}/comments{path}", data=sent, headers=headers)
    assert page.status_code in {200, 403}
    assert "Seen **one**." in page.text
    assert read == []


@HEADERS
@pytest.mark.parametrize("path", ["", "/preview"])
def test_what_is_too_long_is_not_read(client: FlaskClient, read: list[str], headers: Headers, path: str) -> None:
    post = a_post()
    sent = token(client, post) | {"body": "*" * 10_001}
    page = client.post(f"/posts/{post.id}/comments{path}", data=sent, headers=headers)
    assert page.status_code == 422
    assert read == []


@HEADERS
def test_what_comes_too_quickly_is_not_read_and_comes_back(
    paced: FlaskClient, read: list[str], headers: Headers
) -> None:
    post = a_post()
    assert answer(paced, post, "Seen one.").status_code == 200
    read.clear()
    refused = paced.post(
        f"/posts/{post.id}/comments", data=token(paced, post) | {"body": "Seen **two**."}, headers=headers
    )
    assert refused.status_code == 429
    assert "Seen **two**." in refused.text
    assert read == []


@HEADERS
def test_previews_are_limited_and_the_text_comes_back(paced: FlaskClient, read: list[str], headers: Headers) -> None:
    post = a_post()
    sent = token(paced, post) | {"name": "Ann", "body": "Seen **one**."}
    answers = [
        paced.post(f"/posts/{post.id}/comments/preview", data=sent, headers=headers)
        for _ in range(int(PREVIEW_LIMIT.split()[0]) + 1)
    ]
    assert [each.status_code for each in answers] == [200] * (len(answers) - 1) + [429]
    assert len(read) == len(answers) - 1
    assert "Seen **one**." in answers[-1].text
    assert "Please wait" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (answers[-1].headers.get("HX-Retarget") == "#comment-form") is bool(headers)


@pytest.mark.parametrize("parent", ["7", "1"])
def test_what_answers_nothing_that_stands_is_not_read(client: FlaskClient, read: list[str], parent: str) -> None:
    post, other = a_post(), a_post("Another")
    answer(client, other, "Seen one.")
    read.clear()
    refused = answer(client, post, "Seen **two**.", parent_id=parent)
    assert refused.status_code == 422
    assert "Seen **two**." in refused.text
    assert read == []


def test_what_comes_after_a_thread_was_closed_is_not_read(client: FlaskClient, read: list[str]) -> None:
    post = a_post()
    with writing():
        post.comments_closed_at = now()
    assert closed_because(post)
    refused = answer(client, post, "Seen **one**.")
    assert refused.status_code == 403
    assert "Seen **one**." in refused.text
    assert read == []


def test_a_change_that_comes_too_quickly_or_changes_nothing_is_not_read(paced: FlaskClient, read: list[str]) -> None:
    post = a_post()
    answer(paced, post, "Seen one.")
    comment = db.session.query(Comment).one()

    def change(body: str) -> int:
        proof = {"csrf_token": token(paced, post)["csrf_token"]}
        return paced.post(f"/posts/{post.id}/comments/{comment.id}", data=proof | {"body": body}).status_code

    assert change("Seen two.") == 303
    read.clear()
    assert change("Seen two.") == 303
    assert change("Seen three.") == 429
    assert read == []


def test_a_second_arrival_is_the_first_one_even_while_its_writer_must_wait(paced: FlaskClient) -> None:
    post = a_post()
    form = token(paced, post) | {"name": "Ann", "body": "Seen one."}
    answers = [paced.post(f"/posts/{post.id}/comments", data=form, headers=HTMX) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert count() == 1
