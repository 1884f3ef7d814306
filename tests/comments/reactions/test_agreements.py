"""Test agreements: who may vote, the count, the order by agreements and the live events."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from blog.comments.identity import COOKIE, Visitor
from blog.comments.live_events import news
from blog.comments.models import Agreement, Comment
from blog.comments.reactions.agreements import agree, withdraw_agreement
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.tree import PAGE_SIZE
from blog.db import db, writing
from blog.editors.models import Editor
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import current_site
from tests.comments.moderation.desk import fresh
from tests.comments.thread.test_tree import page_links, post_with_comments, root_ids
from tests.factories import HTMX, a_comment, a_post, answer, token
from tests.system.visits import change

BOB = Visitor("bob", "at bob's")
CARLA = Visitor("carla", "at carla's")


def address(comment: Comment, more: str = "") -> str:
    return f"/posts/{comment.post_id}/comments/{comment.id}/agreement{more}"


def send_agreement(
    client: FlaskClient, comment: Comment, more: str = "", headers: dict[str, str] | None = None, at: str = "192.0.2.1"
) -> TestResponse:
    """Agree as the page does, with a token."""
    form = {"csrf_token": token(client, comment.post)["csrf_token"]}
    network = {"REMOTE_ADDR": at}
    return client.post(address(comment, more), data=form, headers=headers or {}, environ_overrides=network)


def agree_count_in(page: str, comment: Comment) -> str:
    found = re.search(rf'id="comment-{comment.id}-agreed" data-version="\d+">(\d*)<', page)
    assert found
    return found[1]


def readers_agreeing(comment: Comment) -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(Agreement.reader_key).where(Agreement.comment_id == comment.id)))


def add_agreements(comment: Comment, count: int) -> None:
    for one in range(count):
        agree(comment.post_id, comment.id, Visitor(f"reader {one}", f"address {one}"))


def switch_agreements_off() -> None:
    with writing():
        current_site().agreeing = False


def test_agreement_counts_once_per_reader_and_can_be_withdrawn(app: Flask) -> None:
    comment = a_comment(a_post())
    agree(comment.post_id, comment.id, BOB)
    agree(comment.post_id, comment.id, BOB)
    assert agree(comment.post_id, comment.id, CARLA).agree_count == 2
    assert readers_agreeing(comment) == ["bob", "carla"]
    assert withdraw_agreement(comment.post_id, comment.id, BOB).agree_count == 1
    assert withdraw_agreement(comment.post_id, comment.id, BOB).agree_count == 1
    assert readers_agreeing(comment) == ["carla"]


def test_agreement_counts_once_per_network_address(app: Flask) -> None:
    comment, other = a_comment(a_post()), a_comment(a_post())
    agree(comment.post_id, comment.id, BOB)
    with pytest.raises(Refused, match="Each address counts once"):
        agree(comment.post_id, comment.id, replace(BOB, reader_key="bob's daughter"))
    agree(other.post_id, other.id, replace(BOB, reader_key="bob's daughter"))
    assert readers_agreeing(comment) == ["bob"]
    # a reader at another address is the same reader
    assert agree(comment.post_id, comment.id, replace(BOB, address_key="elsewhere")).agree_count == 1


def test_author_cannot_agree_with_the_comment(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    answer(client, post, "My first words.")
    comment = db.session.scalars(select(Comment)).one()
    refused = send_agreement(client, comment, headers=HTMX)
    assert refused.status_code == 409
    assert "You cannot agree with your own response." in refused.text
    assert send_agreement(client, comment).status_code == 409
    assert client.get(address(comment, "/new")).status_code == 409
    assert readers_agreeing(comment) == []


def test_editor_cannot_agree_with_a_reply_from_the_desk(app: Flask) -> None:
    comment = a_comment(a_post(), reader_key=None)
    voice = Visitor("ed", "desk", editor=Editor(id=7))
    comment.editor_id = 7
    assert voice.is_author(comment)
    assert not replace(voice, editor=None).is_author(comment)


def test_hidden_comment_refuses_agreements_and_shows_no_count(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    a_comment(post, "A reply", comment)
    agree(post.id, comment.id, BOB)
    for verb in ("hold", "mark_as_spam", "remove"):
        change(comment, verb, "why")
        assert client.get(address(comment, "/new")).status_code == 404
        for more in ("", "?_method=DELETE"):
            assert send_agreement(client, comment, more).status_code == 404
            refused = send_agreement(client, comment, more, HTMX)
            assert refused.status_code == 404
            assert "no longer here" in refused.text
        assert f"comment-{comment.id}-agreed" not in client.get(post.path or "").text
        with pytest.raises(NoSuchComment):
            agree(post.id, comment.id, CARLA)
    change(comment, "approve")
    assert agree_count_in(client.get(post.path or "").text, comment) == "1"


def test_agreement_under_another_post_or_a_draft_is_refused(app: Flask, client: FlaskClient) -> None:
    comment, other = a_comment(a_post()), a_post("Another")
    with pytest.raises(NoSuchComment):
        agree(other.id, comment.id, BOB)
    with writing():
        db.session.get_one(Post, comment.post_id).unpublish()
    with pytest.raises(NoSuchComment):
        agree(comment.post_id, comment.id, BOB)
    assert client.get(address(comment, "/new")).status_code == 404


def test_switched_off_agreements_have_no_link_order_or_route(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    a_comment(post, "Another")
    agree(post.id, comment.id, BOB)
    page = client.get(post.path or "").text
    assert ">Agree " in page
    assert "Most agreed" in page
    switch_agreements_off()
    page = client.get(post.path or "").text
    assert "gree" not in re.sub(r"<head>.*</head>", "", page, flags=re.DOTALL)
    assert client.get(f"{post.path}?order=agreed").text == page
    assert client.get(address(comment, "/new")).status_code == 404
    for headers in ({}, HTMX):
        for more in ("", "?_method=DELETE"):
            assert send_agreement(client, comment, more, headers).status_code == 404
    assert readers_agreeing(comment) == ["bob"]


def test_htmx_response_has_the_count_and_the_cookie(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    sent = send_agreement(client, comment, headers=HTMX)
    assert sent.status_code == 200
    assert sent.headers["Cache-Control"] == "no-store"
    assert COOKIE in sent.headers["Set-Cookie"]
    assert agree_count_in(sent.text, comment) == "1"
    assert 'hx-target="#responses" hx-swap="numbers"' in sent.text
    assert agree_count_in(send_agreement(client, comment, "?_method=DELETE", HTMX).text, comment) == ""


def test_agreement_without_javascript_uses_a_form_and_redirects_back(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    assert f'href="{address(comment, "/new")}"' in client.get(post.path or "").text
    page = client.get(address(comment, "/new")).text
    assert "Nobody has agreed yet." in page
    assert fresh(comment).agree_count == 0
    sent = send_agreement(client, comment)
    assert sent.status_code == 303
    assert sent.location == f"{post.path}#comment-{comment.id}"
    assert agree_count_in(client.get(post.path or "").text, comment) == "1"
    page = client.get(address(comment, "/new")).text
    assert "You agree with this response." in page
    assert "?_method=DELETE" in page
    assert send_agreement(client, comment, "?_method=DELETE").status_code == 303
    assert fresh(comment).agree_count == 0


def test_agreement_without_csrf_token_is_refused(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    token(client, comment.post)
    for form in ({}, {"csrf_token": "guess"}):
        assert client.post(address(comment), data=form, headers=HTMX).status_code == 403
        page = client.post(address(comment), data=form)
        assert page.status_code == 403
        assert "press the button again" in page.text
        assert 'name="csrf_token"' in page.text
    assert readers_agreeing(comment) == []


def test_page_is_the_same_for_agreeing_and_other_readers(app: Flask, client: FlaskClient) -> None:
    comment = a_comment(a_post())
    send_agreement(client, comment)
    path = comment.post.path or ""
    assert client.get(path).data == app.test_client().get(path).data


def test_agreement_leaves_the_rest_of_the_comment_unchanged(app: Flask) -> None:
    comment = fresh(a_comment(a_post()))
    before = {name: getattr(comment, name) for name in ("version", "updated_at", "status_at", "branch_count")}
    version = comment.post.thread_version
    agree(comment.post_id, comment.id, BOB)
    after = fresh(comment)
    assert {name: getattr(after, name) for name in before} == before
    assert after.agree_version == after.post.thread_version == version + 1
    assert after.post.comment_count == 1


def live_events(post: Post, since: int) -> str:
    db.session.rollback()
    found = news(f"post:{post.id}", since)
    assert found
    return found.events.decode()


def test_live_event_has_only_the_count_and_is_quiet(app: Flask) -> None:
    post = a_post()
    first, second = a_comment(post), a_comment(post)
    agree(post.id, first.id, BOB)
    with app.test_request_context():
        found = news(f"post:{post.id}", 2)
        assert found
        assert found.quiet
        assert found.version == 3
        text = found.events.decode()
        assert agree_count_in(text, first) == "1"
        assert f"comment-{second.id}-agreed" not in text
        assert "<li" not in text
        agree(post.id, second.id, BOB)
        a_comment(post, "And another.")
        mixed = news(f"post:{post.id}", 2)
        assert mixed
        assert not mixed.quiet
        ids = re.findall(r"^id: (\d+)$", mixed.events.decode(), re.MULTILINE)
        assert ids == ["2", "4", "5"]  # the agreement counts, the comment, the comment count


def test_hidden_comment_sends_no_count(app: Flask) -> None:
    post = a_post()
    comment = a_comment(post)
    agree(post.id, comment.id, BOB)
    change(comment, "remove", "why")
    with app.test_request_context():
        assert "agreed" not in live_events(post, 1)


def test_stream_after_too_many_missed_counts_reloads_the_thread(app: Flask) -> None:
    post = a_post()
    comments = [a_comment(post) for _ in range(101)]
    for comment in comments:
        agree(post.id, comment.id, BOB)
    with app.test_request_context():
        assert "Reload them" in live_events(post, 101)
        assert live_events(post, 102).count("-agreed") == 100


def test_most_agreed_order_puts_the_older_first_among_equals(client: FlaskClient) -> None:
    post = post_with_comments(300)
    numbers = list(db.session.scalars(select(Comment.id).where(Comment.root_id.is_(None)).order_by(Comment.created_at)))
    for place, readers in ((3, 1), (70, 5), (90, 1), (60, 2)):
        add_agreements(db.session.get_one(Comment, numbers[place]), readers)
    page = client.get(f"{post.path}?order=agreed").text
    most_agreed = [numbers[place] for place in (70, 60, 3, 90)]
    rest = [one for one in numbers if one not in most_agreed]
    assert root_ids(page) == (most_agreed + rest)[:PAGE_SIZE]
    assert root_ids(client.get(page_links(page)["2"]).text) == (most_agreed + rest)[PAGE_SIZE : 2 * PAGE_SIZE]
    assert "order=agreed" in page_links(client.get(post.path or "").text)["Most agreed"]


def test_cached_page_has_the_current_count(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    for readers in range(1, 4):
        client.get(post.path or "")
        agree(post.id, comment.id, Visitor(f"reader {readers}", f"address {readers}"))
        page = client.get(post.path or "")
        assert agree_count_in(page.text, comment) == str(readers)
    assert client.get(post.path or "", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


class TestWithLimits:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_agreements_of_one_address_are_throttled(self, client: FlaskClient) -> None:
        comment = a_comment(a_post())
        form = {"csrf_token": token(client, comment.post)["csrf_token"]}
        statuses = [client.post(address(comment), data=form, headers=HTMX).status_code for _ in range(41)]
        assert statuses == [200] * 40 + [429]
        refused = client.post(address(comment), data=form, headers=HTMX)
        assert "Please wait" in refused.text
        assert int(refused.headers["Retry-After"]) >= 1


def test_concurrent_agreements_are_all_counted(app: Flask) -> None:
    comment = a_comment(a_post())

    def vote(one: int) -> None:
        with app.app_context():
            agree(comment.post_id, comment.id, Visitor(f"reader {one % 6}", f"address {one % 6}"))

    threads = [threading.Thread(target=vote, args=(one,)) for one in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fresh(comment).agree_count == len(readers_agreeing(comment)) == 6
