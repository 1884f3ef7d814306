"""What a response will look like, before it is posted; and a reply that begins with a quotation."""

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


def written(page: TestResponse) -> str:
    """What stands in the field."""
    return unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]


def test_a_preview_shows_the_text_as_it_will_look_and_keeps_nothing(client: FlaskClient) -> None:
    post = a_post()
    answer = preview(client, post, "Seen **one**.", name="Bob")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<p>Seen <strong>one</strong>.</p>" in answer.text
    assert "Bob" in answer.text
    assert "<form" not in answer.text
    assert count() == 0
    assert "Seen" not in client.get(post.path or "").text


def test_it_is_cleaned_as_a_response_is(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "<script>alert(1)</script> [x](javascript:alert(1))", name="<b>M</b>")
    assert "<script" not in answer.text
    assert "href" not in answer.text
    assert "&lt;b&gt;M&lt;/b&gt;" in answer.text


@pytest.mark.parametrize(("body", "sentence"), [(" \u200b", "empty"), ("x" * 10_001, "1 characters too long")])
def test_what_could_not_be_posted_has_no_preview_but_says_why(client: FlaskClient, body: str, sentence: str) -> None:
    answer = preview(client, a_post(), body)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "x" * 100 not in answer.text


def test_a_name_or_an_address_that_will_be_refused_does_not_stand_in_the_way(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "Seen one.", email="nowhere", website="not one")
    assert answer.status_code == 200
    assert "<p>Seen one.</p>" in answer.text


def test_without_a_token_htmx_gets_the_form_with_the_text_and_a_fresh_one(client: FlaskClient) -> None:
    answer = preview(client, a_post(), "My text", csrf_token="guess")
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#comment-form"
    assert written(answer) == "My text"
    assert 'name="csrf_token"' in answer.text


def test_without_javascript_it_is_the_page_that_asks_whether_this_is_right(client: FlaskClient) -> None:
    post = a_post()
    page = client.post(f"/posts/{post.id}/comments/preview", data={"name": "Ann", "body": "Seen **one**."})
    assert page.status_code == 200
    assert "Check your response" in page.text
    assert written(page) == "Seen **one**."
    proven = preview(client, post, "Seen **one**.", htmx=False)
    assert proven.status_code == 200
    assert "<p>Seen <strong>one</strong>.</p>" in proven.text
    assert written(proven) == "Seen **one**."
    again = preview(client, post, "", htmx=False, email="nowhere")
    assert again.status_code == 422
    assert "not complete" in again.text
    assert count() == 0


def test_a_post_that_nobody_may_see_previews_nothing(app: Flask, client: FlaskClient) -> None:
    form = token(client, a_post())
    draft = a_post("Unseen", draft=True)
    assert client.post(f"/posts/{draft.id}/comments/preview", data=form | {"body": "x"}).status_code == 404


def test_too_much_is_refused_as_at_posting(client: FlaskClient) -> None:
    assert preview(client, a_post(), "x" * 1_000_001).status_code == 413


def test_a_reply_may_begin_with_the_passage_that_it_answers(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "Seen *one*.\nBig.\n\n> Who?\n\nGrey.", name="Bob [B]")
    page = client.get(f"/posts/{post.id}/comments/new?parent={comment.id}&quote=1")
    assert (
        written(page)
        == f"> Seen one.\n> Big.\n>\n> Grey.\n>\n> — [Bob \\[B\\]](/posts/{post.id}/comments/{comment.id})\n\n"
    )
    shown = preview(client, post, written(page) + "Me too.").text
    assert f'href="/posts/{post.id}/comments/{comment.id}"' in shown
    assert "Seen one. Big. Grey. — Bob [B] Me too." in plain_text(shown)
    assert written(client.get(f"/posts/{post.id}/comments/new?parent={comment.id}")) == ""


def test_what_is_no_longer_shown_cannot_be_quoted(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "A secret.")
    change(comment, "hold", "for a look")
    assert client.get(f"/posts/{post.id}/comments/new?parent={comment.id}&quote=1").status_code == 404


def test_every_response_has_the_link_and_no_cookie_comes_with_it(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    page = client.get(post.path or "")
    assert f'href="/posts/{post.id}/comments/new?parent={comment.id}&amp;quote=1"' in page.text
    assert "Set-Cookie" not in page.headers
