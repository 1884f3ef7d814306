"""Test what the queue shows, and in which order."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.moderation.queue import PAGE_SIZE, QueueFilter, comments_in, count_held
from tests.comments.moderation.desk import decide, fresh, hold, post
from tests.factories import HTMX, a_comment, a_post, signed_in


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def texts(desk: FlaskClient, query: str = "") -> list[str]:
    page = desk.get(f"/desk/comments{query}").text
    return re.findall(r'<div class="body prose" dir="auto"><p>(.*?)</p>', page)


def test_queue_shows_held_comments_by_default_newest_first(desk: FlaskClient) -> None:
    herons = a_comment(a_post("First"), "Herons")
    gulls = a_comment(a_post("Second"), "Gulls")
    assert texts(desk) == ["Gulls", "Herons"]
    hold(herons)
    assert texts(desk) == ["Herons"]
    assert texts(desk, "?state=all") == ["Gulls", "Herons"]
    assert texts(desk, "?state=visible") == ["Gulls"]
    decide(desk, gulls, "spam")
    assert texts(desk, "?state=spam") == ["Gulls"]
    decide(desk, gulls, "removal")
    assert texts(desk, "?state=removed") == ["Gulls"]
    assert texts(desk, "?state=spam") == []


def test_search_covers_text_name_and_email(desk: FlaskClient) -> None:
    a_comment(a_post("First"), "About herons", email="ann@example.org")
    a_comment(a_post("Second"), "About 100% gulls", name="Bob")
    assert texts(desk, "?q=heron") == ["About herons"]
    assert texts(desk, "?q=100%25") == ["About 100% gulls"]
    assert texts(desk, "?q=%25") == ["About 100% gulls"]
    assert texts(desk, "?q=ann@example.org") == ["About herons"]
    assert texts(desk, "?q=bob+about") == ["About 100% gulls"]
    assert texts(desk, "?q=bob+heron") == []


def test_filters_by_post_reader_email_and_address(desk: FlaskClient) -> None:
    first, second = a_post("First"), a_post("Second")
    ann = a_comment(first, "Ann", reader_key="ann", email="Ann@example.org", address_key="home")
    a_comment(second, "Ann elsewhere", reader_key="ann", address_key="work")
    a_comment(second, "Ann on her phone", reader_key="phone", email="ann@Example.org", address_key="home")
    bob = a_comment(first, "Bob", reader_key="bob", address_key="work")
    assert texts(desk, f"?post={first.id}") == ["Bob", "Ann"]
    assert texts(desk, f"?reader={ann.id}") == ["Ann elsewhere", "Ann"]
    assert texts(desk, f"?email={ann.id}") == ["Ann on her phone", "Ann"]
    assert texts(desk, f"?address={ann.id}") == ["Ann on her phone", "Ann"]
    assert texts(desk, f"?email={bob.id}") == []
    page = desk.get(f"/desk/comments?reader={ann.id}").text
    assert "by the same reader as" in page
    assert f"state=held&amp;reader={ann.id}" in page


def test_pages_contain_no_reader_or_address_keys(desk: FlaskClient) -> None:
    comment = a_comment(a_post(), reader_key="key-of-reader", address_key="key-of-address")
    for path in (
        "comments",
        f"comments/{comment.id}",
        f"comments/{comment.id}/bans/new",
        f"comments?address={comment.id}",
    ):
        page = desk.get(f"/desk/{path}").text
        assert "key-of-" not in page


def test_entry_shows_writer_reason_and_parent(desk: FlaskClient) -> None:
    herons = a_post("Herons return")
    first = a_comment(herons, "I saw two.", name="Bob", reader_key="bob")
    a_comment(herons, "Shown before.", reader_key="ann")
    fields = {"email": "ann@example.org", "website": "https://ann.example.org", "reader_key": "ann"}
    hold(a_comment(herons, "So did I.", parent=first, **fields), "two links; muted: “pills”")
    page = desk.get("/desk/comments").text
    for part in (
        "Ann", "ann@example.org", "https://ann.example.org", "Herons return", "So did I.", "two links; muted: “pills”",
        "1 other published", "I saw two.", "Waiting",
    ):  # fmt: skip
        assert part in page
    assert "No other published response" in desk.get(f"/desk/comments/{first.id}").text


def test_pagination_keeps_the_filters(desk: FlaskClient) -> None:
    herons = a_post()
    for number in range(PAGE_SIZE + 2):
        a_comment(herons, f"Number {number}", reader_key="ann")
    last = comments_in(QueueFilter("all"), None).items[0]
    page = desk.get(f"/desk/comments?reader={last.id}&q=number").text
    older = re.search(r'rel="next" href="([^"]*)"', page)[1].replace("&amp;", "&")
    assert f"reader={last.id}" in older
    assert "q=number" in older
    assert texts(desk, older.removeprefix("/desk/comments")) == ["Number 1", "Number 0"]


def test_every_desk_title_shows_the_held_count(desk: FlaskClient) -> None:
    herons = a_post()
    assert "<title>Posts" in desk.get("/desk/posts").text
    for number in range(3):
        hold(a_comment(herons, f"Number {number}"))
    assert "<title>(3) Posts" in desk.get("/desk/posts").text
    page = desk.get("/desk/comments").text
    assert "<title>(3) Responses" in page
    assert f'data-version="{count_held().version}" data-count="3"' in page


def test_htmx_decision_updates_the_held_count(desk: FlaskClient) -> None:
    herons = a_post()
    comments = [hold(a_comment(herons, f"Number {number}")) for number in range(2)]
    answer = decide(desk, comments[0], "approval", **HTMX)
    fresh(comments[0])
    assert f'data-version="{count_held().version}" data-count="1"' in answer.text
    assert 'hx-target="#waiting-count" hx-swap="newer"' in answer.text


def test_readers_markup_is_escaped(desk: FlaskClient) -> None:
    evil = "<hx-partial hx-target='#queue'>x</hx-partial><script>alert(1)</script>"
    comment = hold(a_comment(a_post(), evil, name="<b>Mallory</b>"), "<i>why</i>")
    page = desk.get("/desk/comments").text
    for raw in ("<hx-partial", "<script>alert", "<b>Mallory", "<i>why"):
        assert raw not in page
    answer = post(desk, f"/desk/comments/{comment.id}/approval", HTMX)
    assert "<b>Mallory" not in answer.text
    assert answer.text.count("<hx-partial") == 5
