"""Preview a comment, and start a reply with a quotation."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.html import plain_text
from blog.posts.models import Post
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.system.visits import change


def preview(client: FlaskClient, post: Post, body: str, *, htmx: bool = True, **fields: str) -> TestResponse:
    form = token(client, post) | {"name": "Ann", "body": body} | fields
    return client.post(f"/posts/{post.id}/comments/preview", data=form, headers=HTMX if htmx else {})


def textarea(page: TestResponse) -> str:
    """Return the text in the textarea."""
    return unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]


def test_preview_renders_the_text_and_stores_nothing(client: FlaskClient) -> None:
    post = a_post()
    answer = preview(client, post, "Seen **one**.", name="Bob")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<p>Seen <strong>one</strong>.</p>" in answer.text
    assert "Bob" in answer.text
    assert "<form" not in answer.text
    assert count() == 0
    assert "Seen" not in client.get(post.path or "").text


def test_preview_is_sanitized(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "<script>alert(1)</script> [x](javascript:alert(1))", name="<b>M</b>")
    assert "<script" not in answer.text
    assert "href" not in answer.text
    assert "&lt;b&gt;M&lt;/b&gt;" in answer.text


@pytest.mark.parametrize(("body", "sentence"), [(" \u200b", "empty"), ("x" * 10_001, "1 characters too long")])
def test_preview_of_an_invalid_text_shows_the_error(client: FlaskClient, body: str, sentence: str) -> None:
    answer = preview(client, a_post(), body)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "x" * 100 not in answer.text


def test_preview_ignores_an_invalid_name_or_email(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "Seen one.", email="nowhere", website="not one")
    assert answer.status_code == 200
    assert "<p>Seen one.</p>" in answer.text


def test_preview_without_csrf_token_returns_the_form_with_a_new_one(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "My text", csrf_token="guess")
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#comment-form"
    assert textarea(answer) == "My text"
    assert 'name="csrf_token"' in answer.text


def test_preview_without_javascript_is_the_confirm_page(client: FlaskClient) -> None:
    post = a_post()
    page = client.post(f"/posts/{post.id}/comments/preview", data={"name": "Ann", "body": "Seen **one**."})
    assert page.status_code == 200
    assert "Check your response" in page.text
    assert textarea(page) == "Seen **one**."
    proven = preview(client, post, "Seen **one**.", htmx=False)
    assert proven.status_code == 200
    assert "<p>Seen <strong>one</strong>.</p>" in proven.text
    assert textarea(proven) == "Seen **one**."
    again = preview(client, post, "", htmx=False, email="nowhere")
    assert again.status_code == 422
    assert "not complete" in again.text
    assert count() == 0


def test_preview_on_a_draft_is_a_404(app: Flask, client: FlaskClient) -> None:
    form = token(client, a_post())
    draft = a_post("Unseen", draft=True)
    assert client.post(f"/posts/{draft.id}/comments/preview", data=form | {"body": "x"}).status_code == 404


def test_preview_of_too_long_a_text_is_refused(client: FlaskClient) -> None:
    assert preview(client, a_post(), "x" * 1_000_001).status_code == 413


def test_reply_form_quotes_the_parent(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "Seen *one*.\nBig.\n\n> Who?\n\nGrey.", name="Bob [B]")
    page = client.get(f"/posts/{post.id}/comments/new?parent={comment.id}&quote=1")
    assert (
        textarea(page)
        == f"> Seen one.\n> Big.\n>\n> Grey.\n>\n> — [Bob \\[B\\]](/posts/{post.id}/comments/{comment.id})\n\n"
    )
    html = preview(client, post, textarea(page) + "Me too.").text
    assert f'href="/posts/{post.id}/comments/{comment.id}"' in html
    assert "Seen one. Big. Grey. — Bob [B] Me too." in plain_text(html)
    assert textarea(client.get(f"/posts/{post.id}/comments/new?parent={comment.id}")) == ""


def test_hidden_comment_cannot_be_quoted(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "A secret.")
    change(comment, "hold", "for a look")
    assert client.get(f"/posts/{post.id}/comments/new?parent={comment.id}&quote=1").status_code == 404


def test_reply_link_is_on_every_comment_and_sets_no_cookie(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    page = client.get(post.path or "")
    assert f'href="/posts/{post.id}/comments/new?parent={comment.id}&amp;quote=1"' in page.text
    assert "Set-Cookie" not in page.headers
