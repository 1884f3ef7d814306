"""Render Markdown, which is slow, only after CSRF token, limits and throttle."""

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
def rendered_texts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record the texts that pass through Markdown."""
    texts: list[str] = []
    render = MarkdownIt.render

    def record_text(self: MarkdownIt, text: str, *arguments: Any) -> str:
        texts.append(text)
        return render(self, text, *arguments)

    monkeypatch.setattr(MarkdownIt, "render", record_text)
    yield texts


@pytest.fixture
def throttled(app: Flask, settings: Settings) -> FlaskClient:
    """Return a client of a blog with all throttles on."""
    return create_app(replace(settings, ratelimit_enabled=True)).test_client()


@HEADERS
@pytest.mark.parametrize("path", ["", "/preview"])
@pytest.mark.parametrize("csrf_token", ["", "guess"])
def test_text_is_not_rendered_without_csrf_token(
    client: FlaskClient, rendered_texts: list[str], headers: Headers, path: str, csrf_token: str
) -> None:
    post = a_post()
    sent = {"name": "Ann", "body": "Seen **one**.", "csrf_token": csrf_token}
    page = client.post(f"/posts/{post.id}/comments{path}", data=sent, headers=headers)
    assert page.status_code in {200, 403}
    assert "Seen **one**." in page.text
    assert rendered_texts == []


@HEADERS
@pytest.mark.parametrize("path", ["", "/preview"])
def test_too_long_text_is_not_rendered(
    client: FlaskClient, rendered_texts: list[str], headers: Headers, path: str
) -> None:
    post = a_post()
    sent = token(client, post) | {"body": "*" * 10_001}
    page = client.post(f"/posts/{post.id}/comments{path}", data=sent, headers=headers)
    assert page.status_code == 422
    assert rendered_texts == []


@HEADERS
def test_throttled_text_is_not_rendered_but_returned(
    throttled: FlaskClient, rendered_texts: list[str], headers: Headers
) -> None:
    post = a_post()
    assert answer(throttled, post, "Seen one.").status_code == 200
    rendered_texts.clear()
    refused = throttled.post(
        f"/posts/{post.id}/comments", data=token(throttled, post) | {"body": "Seen **two**."}, headers=headers
    )
    assert refused.status_code == 429
    assert "Seen **two**." in refused.text
    assert rendered_texts == []


@HEADERS
def test_previews_are_throttled_and_return_the_text(
    throttled: FlaskClient, rendered_texts: list[str], headers: Headers
) -> None:
    post = a_post()
    sent = token(throttled, post) | {"name": "Ann", "body": "Seen **one**."}
    answers = [
        throttled.post(f"/posts/{post.id}/comments/preview", data=sent, headers=headers)
        for _ in range(int(PREVIEW_LIMIT.split()[0]) + 1)
    ]
    assert [each.status_code for each in answers] == [200] * (len(answers) - 1) + [429]
    assert len(rendered_texts) == len(answers) - 1
    assert "Seen **one**." in answers[-1].text
    assert "Please wait" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (answers[-1].headers.get("HX-Retarget") == "#comment-form") is bool(headers)


@pytest.mark.parametrize("parent", ["7", "1"])
def test_reply_to_a_missing_comment_is_not_rendered(
    client: FlaskClient, rendered_texts: list[str], parent: str
) -> None:
    post, other = a_post(), a_post("Another")
    answer(client, other, "Seen one.")
    rendered_texts.clear()
    refused = answer(client, post, "Seen **two**.", parent_id=parent)
    assert refused.status_code == 422
    assert "Seen **two**." in refused.text
    assert rendered_texts == []


def test_text_for_a_closed_thread_is_not_rendered(client: FlaskClient, rendered_texts: list[str]) -> None:
    post = a_post()
    with writing():
        post.comments_closed_at = now()
    assert closed_because(post)
    refused = answer(client, post, "Seen **one**.")
    assert refused.status_code == 403
    assert "Seen **one**." in refused.text
    assert rendered_texts == []


def test_throttled_or_unchanged_edit_is_not_rendered(throttled: FlaskClient, rendered_texts: list[str]) -> None:
    post = a_post()
    answer(throttled, post, "Seen one.")
    comment = db.session.query(Comment).one()

    def change(body: str) -> int:
        proof = {"csrf_token": token(throttled, post)["csrf_token"]}
        return throttled.post(f"/posts/{post.id}/comments/{comment.id}", data=proof | {"body": body}).status_code

    assert change("Seen two.") == 303
    rendered_texts.clear()
    assert change("Seen two.") == 303
    assert change("Seen three.") == 429
    assert rendered_texts == []


def test_repeated_submission_is_not_throttled(throttled: FlaskClient) -> None:
    post = a_post()
    form = token(throttled, post) | {"name": "Ann", "body": "Seen one."}
    answers = [throttled.post(f"/posts/{post.id}/comments", data=form, headers=HTMX) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert count() == 1
