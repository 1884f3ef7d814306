from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import event, select, text

from blog.comments.models import HELD, Comment
from blog.comments.posting.submit import post_comment
from blog.comments.refusals import Refused
from blog.comments.screening.submission import Submission
from blog.db import db, now, writing
from blog.posts.models import Post
from blog.site.models import current_site
from blog.site.update import change_settings
from tests.factories import HTMX, a_comment, a_post, answer, count, token
from tests.postgres.databases import on_sqlite


def reload_post(post: Post) -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Post, post.id)


def test_htmx_answer_has_comment_count_and_empty_form(client: FlaskClient) -> None:
    post = a_post()
    response = answer(client, post, "Seen one **today**.", email="ann@example.org")
    assert response.status_code == 200
    assert '<article id="comment-1"' in response.text
    assert "<strong>today</strong>" in response.text
    assert '1</span> Response to "Herons return"' in response.text
    assert re.search(r'<textarea id="body"[^>]*>\s*</textarea>', response.text)
    assert 'value="Ann"' in response.text
    assert "talkback:posted" in response.headers["HX-Trigger"]


def test_posting_without_javascript_takes_two_steps(client: FlaskClient) -> None:
    post = a_post()
    first = client.post(f"/posts/{post.id}/comments", data={"name": "Ann", "body": "Seen\r\n*one*."})
    assert first.status_code == 200
    assert "Seen\n*one*." in first.text
    assert count() == 0
    form = dict(re.findall(r'name="(csrf_token|key|name)"[^>]* value="([^"]*)"', first.text))
    second = client.post(f"/posts/{post.id}/comments", data=form | {"body": "Seen\r\n*one*."})
    assert second.status_code == 303
    assert second.location == f"{post.path}#comment-1"
    assert reload_post(post).comment_count == 1


def test_empty_text_is_refused_at_its_field(client: FlaskClient) -> None:
    for nothing in ("", "  \n ", "\u200b\u00ad"):
        response = answer(client, a_post(), nothing)
        assert response.status_code == 422
        assert "response is empty" in response.text
        assert 'aria-invalid="true" aria-describedby="body-error' in response.text


def test_text_is_limited_to_10_000_characters(client: FlaskClient) -> None:
    post = a_post()
    assert answer(client, post, "ä\r\n" * 5_000).status_code == 200
    response = answer(client, post, "x" * 10_001)
    assert response.status_code == 422
    assert "1 characters too long" in response.text
    assert "x" * 10_001 in response.text


def test_invalid_email_returns_the_form_with_the_text(client: FlaskClient) -> None:
    response = answer(client, a_post(), "My text", email="ann@", website="nowhere at all")
    assert response.status_code == 422
    assert "This e-mail address is not complete" in response.text
    assert "A website begins with https://" in response.text
    assert "My text" in response.text
    assert 'value="ann@"' in response.text


@pytest.mark.parametrize(
    "website", ["javascript:alert(1)", "data:text/html,x", "https://a b.example", 'https://x.org/"onx']
)
def test_invalid_website_is_refused(client: FlaskClient, website: str) -> None:
    assert answer(client, a_post(), "Text", website=website).status_code == 422


@pytest.mark.parametrize(
    "website",
    [
        "ftp://a.example",
        "//nowhere",
        "/path",
        "mailto:ann@a.example",
        "JavaScript:alert(1)",
        "https://a%20b.example",
        "https://ann@a.example/",
        "https://a.example/<b>",
    ],
)
def test_a_refused_website_returns_as_it_was_typed(client: FlaskClient, website: str) -> None:
    response = answer(client, a_post(), "My text", website=website)
    assert response.status_code == 422
    assert f'value="{escape(website)}"' in response.text
    assert "has no quotes or angle brackets" in response.text


@pytest.mark.parametrize(
    ("website", "href"),
    [
        ("HTTPS://A.example/B", "https://A.example/B"),
        ("Http://a.example", "http://a.example"),
        ("//a.example/b", "https://a.example/b"),
        ("https://a.example/my page", "https://a.example/my%20page"),
        ("a.example/my\u3000page", "https://a.example/my%E3%80%80page"),
        (" https://a.example/b ", "https://a.example/b"),
    ],
)
def test_a_website_is_completed(client: FlaskClient, website: str, href: str) -> None:
    assert f'href="{href}"' in answer(client, a_post(), "Text", website=website).text


def test_a_completed_website_keeps_within_its_length(client: FlaskClient) -> None:
    assert answer(client, a_post(), "Text", website="https://a.example/" + "a b" * 140).status_code == 422


def test_website_without_scheme_gets_https(client: FlaskClient) -> None:
    assert 'href="https://ann.example.org"' in answer(client, a_post(), "Text", website="ann.example.org").text


def test_name_is_optional(client: FlaskClient) -> None:
    assert "Anonymous" in answer(client, a_post(), "Text", name="").text


def test_expired_csrf_token_returns_the_form_with_a_new_one(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post)
    app.config["COMMENT_TOKEN_SECONDS"] = -1
    response = client.post(f"/posts/{post.id}/comments", data=form | {"body": "Kept"}, headers=HTMX)
    assert response.status_code == 403
    assert "open for too long" in response.text
    assert "Kept" in response.text
    app.config["COMMENT_TOKEN_SECONDS"] = 3600
    again = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', response.text))
    assert client.post(f"/posts/{post.id}/comments", data=again | {"body": "Kept"}, headers=HTMX).status_code == 200


def test_csrf_token_of_somebody_else_is_refused(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    stolen = token(client, post)
    mallory = app.test_client()
    response = mallory.post(f"/posts/{post.id}/comments", data=stolen | {"body": "Forged"}, headers=HTMX)
    assert response.status_code == 403
    assert count() == 0


def test_repeated_submission_is_one_comment_with_the_same_answer(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once"}
    for _ in range(2):
        response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
        assert response.status_code == 200
        assert '<article id="comment-1"' in response.text
    assert count() == 1


def test_retry_after_a_lost_answer_succeeds_with_an_expired_token(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once"}
    client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    app.config["COMMENT_TOKEN_SECONDS"] = -1
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_text_that_was_amended_after_a_lost_answer_is_a_new_response(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once"}
    bodies = ["Once", "Once, and more.", "Once", "Once, and more.", "Once, and still more."]
    for body in bodies:
        assert client.post(f"/posts/{post.id}/comments", data=form | {"body": body}, headers=headers).status_code < 400
    assert stored("body") == ["Once", "Once, and more.", "Once, and still more."]


def test_another_parent_makes_a_new_response(client: FlaskClient) -> None:
    post = a_post()
    first, second = a_comment(post, "One."), a_comment(post, "Two.")
    form = token(client, post) | {"body": "I agree."}
    for parent in ("", first.id, second.id, first.id):
        client.post(f"/posts/{post.id}/comments", data=form | {"parent_id": str(parent)}, headers=HTMX)
    assert stored("parent_id") == [None, None, None, first.id, second.id]


def test_other_name_corrects_the_response_that_was_sent_before(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once", "name": "An", "email": "an@example.org"}
    client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    other = {"name": "Ann", "email": "ann@example.org", "website": "https://ann.example.org"}
    answer = client.post(f"/posts/{post.id}/comments", data=form | other, headers=HTMX)
    assert "https://ann.example.org" in answer.text
    assert {name: stored(name) for name in other} == {name: [value] for name, value in other.items()}


def test_corrected_name_is_screened(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once", "name": "An"}
    client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    change_settings({"muted": "casino"})
    client.post(f"/posts/{post.id}/comments", data=form | {"name": "Casino"}, headers=HTMX)
    assert stored("status") == ["held"]
    assert client.post(f"/posts/{post.id}/comments", data=form | {"name": "x" * 100}, headers=HTMX).status_code == 422
    assert stored("name") == ["Casino"]


def test_name_stays_when_the_time_for_edits_is_over(client: FlaskClient) -> None:
    post = a_post()
    change_settings({"edit_minutes": 0})
    form = token(client, post) | {"body": "Once", "name": "An"}
    for name in ("An", "Ann"):
        assert client.post(f"/posts/{post.id}/comments", data=form | {"name": name}, headers=HTMX).status_code == 200
    assert stored("name") == ["An"]


def stored(column: str) -> list[object]:
    """Return a column of all comments."""
    db.session.rollback()
    return list(db.session.scalars(select(getattr(Comment, column)).order_by(Comment.id)))


def test_submission_key_of_somebody_else_reveals_nothing(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Ann's own"}
    client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
    mallory = app.test_client()
    stolen = token(mallory, post) | {"key": form["key"], "body": "x"}
    response = mallory.post(f"/posts/{post.id}/comments", data=stolen, headers=HTMX)
    assert "Ann's own" not in response.text.replace("&#39;", "'")


def test_one_key_in_eight_threads_makes_one_comment(app: Flask) -> None:
    post = a_post()
    draft = Submission(post.id, None, "Ann", "", "", "Once", "k" * 24, "r", "a")
    ids: list[int] = []

    def send() -> None:
        with app.app_context():
            ids.append(post_comment(draft, throttled=False).id)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids == [ids[0]] * 8
    assert count() == 1


def test_eight_texts_in_eight_threads_make_eight_versions(app: Flask) -> None:
    post = a_post()
    draft = Submission(post.id, None, "Ann", "", "", "Mine", "", "r", "a")

    def send(number: int) -> None:
        with app.app_context():
            post_comment(replace(draft, key=f"key-{number}"), throttled=False)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reload_post(post).comment_count == 8
    assert sorted(comment.version for comment in db.session.query(Comment)) == list(range(1, 9))


def test_closed_thread_returns_the_text(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post)
    with writing():
        db.session.get_one(Post, post.id).comments_closed_at = now()
    response = client.post(f"/posts/{post.id}/comments", data=form | {"body": "Too late"}, headers=HTMX)
    assert response.status_code == 403
    assert "closed" in response.text
    assert "Too late" in response.text
    page = client.get(post.path or "").text
    assert "<form" not in page
    assert "post-a-comment" not in page


def test_comments_can_be_closed_for_the_whole_site(app: Flask) -> None:
    post = a_post()
    with writing():
        current_site().comments_open = False
    with pytest.raises(Refused):
        a_comment(post)


def test_filled_honeypot_holds_the_comment(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    response = answer(client, post, "Buy this", subject="spam")
    assert response.status_code == 200
    assert "is waiting for approval" in response.text
    assert "comment-1" not in response.text
    assert db.session.query(Comment).one().status == HELD
    assert reload_post(post).comment_count == 0
    assert "Buy this" not in app.test_client().get(post.path or "").text
    assert answer(client, post, "Again", subject="spam", htmx=False).status_code == 200


def test_draft_or_missing_post_takes_no_comment(client: FlaskClient) -> None:
    hidden = a_post(draft=True)
    for post_id in (hidden.id, 999):
        assert client.post(f"/posts/{post_id}/comments", data={"body": "x"}).status_code == 404
        assert client.get(f"/posts/{post_id}/comments/new?parent=1").status_code == 404


def test_reply_is_placed_under_its_parent_up_to_the_maximum_indent(app: Flask) -> None:
    post = a_post()
    parent = a_comment(post)
    chain = [parent]
    for _ in range(7):
        chain.append(a_comment(post, parent=chain[-1]))
    assert [c.depth for c in chain] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert [c.display_parent_id for c in chain] == [None, 1, 2, 3, 4, 4, 4, 4]


def test_reply_to_a_comment_of_another_post_is_refused_with_the_text(client: FlaskClient) -> None:
    other = a_comment(a_post("Other"))
    response = answer(client, a_post(), "Kept", parent_id=str(other.id))
    assert response.status_code == 422
    assert "no longer here" in response.text
    assert "Kept" in response.text


def test_name_with_control_characters_does_not_break_the_page(client: FlaskClient) -> None:
    response = answer(client, a_post(), "a\0b 😀 é", name="\0<b>Ann</b>")
    assert response.status_code == 200
    assert "&lt;b&gt;Ann&lt;/b&gt;" in response.text


def test_oversized_form_gets_one_sentence(client: FlaskClient) -> None:
    response = answer(client, a_post(), "x" * 1_100_000)
    assert response.status_code == 413
    assert "Please shorten it" in response.text
    assert response.headers["HX-Retarget"] == "#comment-error"


@on_sqlite  # only SQLite can simulate a full disk here
def test_full_disk_returns_the_text_and_a_retry_posts_it(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Kept " * 1000}
    room = [db.session.execute(text("PRAGMA page_count")).scalar()]
    db.session.rollback()

    def fill_disk(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={room[0]}")

    event.listen(db.engine, "checkout", fill_disk)
    for headers, marker in ((HTMX, "comment-error"), ({}, "Not posted yet")):
        response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
        assert response.status_code == 503
        assert "could not be saved. Your text" in response.text
        assert marker in response.text
        assert "Kept Kept" in response.text
    assert "full" in caplog.text
    assert "Kept Kept" not in caplog.text
    room[0] = 1_000_000
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1
