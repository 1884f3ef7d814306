"""Pages of a thread have an upper size, and everything in a long branch is found all the same."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from blog.comments.identity import Voice
from blog.comments.live_events import news
from blog.comments.models import Comment
from blog.comments.reactions.agreements import agree
from blog.comments.thread import branches
from blog.comments.thread.replies import BRANCH_SIZE, FIRST_REPLIES, LAST_REPLIES, PAGE_SIZE
from blog.comments.thread.tree import PAGE_RESPONSES
from blog.db import db
from blog.web.fragment_cache import FragmentCache
from tests.comments.thread.branches import a_branch, post_of
from tests.comments.thread.test_tree import filled, links, shown, tops
from tests.factories import a_comment, a_post, answer
from tests.system.visits import change

CHAIN = pytest.mark.parametrize("chain", [False, True], ids=["flat", "chain"])


class Asked:
    """The queries that were asked, and how many rows they gave."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows = 0

    def begin(self, _connection: Any, cursor: Any, statement: str, *_given: Any) -> None:
        if statement.lstrip("(").startswith(("SELECT", "WITH")):
            self.statements.append(statement)
        if isinstance(cursor, sqlite3.Cursor):
            cursor.row_factory = self.row

    def row(self, _cursor: object, row: Any) -> Any:
        self.rows += 1
        return row

    def end(self, _connection: Any, cursor: Any, *_given: Any) -> None:
        self.rows += max(0, cursor.rowcount) if not isinstance(cursor, sqlite3.Cursor) else 0


@contextmanager
def counted() -> Iterator[Asked]:
    asked = Asked()
    event.listen(db.engine, "before_cursor_execute", asked.begin)
    event.listen(db.engine, "after_cursor_execute", asked.end)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", asked.begin)
        event.remove(db.engine, "after_cursor_execute", asked.end)


def gap(page: str) -> str:
    """The address of the replies that a page leaves out, and what the link says."""
    found = re.search(r'class="more-replies" href="([^"]+)"[^>]*>([^<]+)<', page)
    return " ".join(map(unescape, found.groups())) if found else ""


def all_pages(client: FlaskClient, address: str, word: str) -> list[int]:
    """The responses on all pages of a thread or of a branch, page by page."""
    met: list[int] = []
    while True:
        page = client.get(address).text
        assert len(shown(page)) <= PAGE_RESPONSES + BRANCH_SIZE
        met += shown(page)
        onward = links(page).get(word) or gap(page).partition(" ")[0]
        if not onward:
            return met
        address = onward


@CHAIN
def test_a_long_branch_shows_its_first_and_last_replies_and_a_link(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(320, chain=chain)
    post = post_of(numbers[0])
    page = client.get(post.path or "").text
    assert shown(page) == numbers[: FIRST_REPLIES + 1] + numbers[-LAST_REPLIES:]
    address, _, words = gap(page).partition(" ")
    assert address.startswith(f"/posts/{post.id}/comments/{numbers[0]}/replies?after=")
    assert words == f"Show 200 of {320 - 1 - FIRST_REPLIES - LAST_REPLIES} more replies"
    # in the order of reading, the link stands where replies are left out
    assert page.index(f'id="comment-{numbers[60]}"') < page.index("more-replies")
    assert page.index("more-replies") < page.index(f'id="comment-{numbers[-20]}"')


def test_a_branch_that_is_not_long_is_whole(client: FlaskClient) -> None:
    numbers = a_branch(BRANCH_SIZE)
    page = client.get(post_of(numbers[0]).path or "").text
    assert shown(page) == numbers
    assert gap(page) == ""


@CHAIN
def test_all_replies_are_found_on_the_pages_of_their_branch(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(2 * PAGE_SIZE + 20, chain=chain)
    met = all_pages(client, f"/posts/{post_of(numbers[0]).id}/comments/{numbers[0]}/replies", "none")
    # the comment at the top stands on each of the pages
    assert met.count(numbers[0]) == 3
    assert [number for number in met if number != numbers[0]] == numbers[1:]


def test_the_way_back_through_the_replies_shows_them_too(client: FlaskClient) -> None:
    numbers = a_branch(2 * PAGE_SIZE + 20)
    page = client.get(f"/posts/{post_of(numbers[0]).id}/comments/{numbers[0]}/replies").text
    for _ in range(2):
        page = client.get(gap(page).partition(" ")[0]).text
    assert shown(page) == [numbers[0], *numbers[2 * PAGE_SIZE + 1 :]]
    earlier = re.search(r'<a href="([^"]+\?before=[^"]+)#thread-page"', page)
    assert earlier
    assert shown(client.get(earlier[1]).text) == [numbers[0], *numbers[PAGE_SIZE + 1 : 2 * PAGE_SIZE + 1]]


def test_a_page_of_replies_is_public_and_not_for_search_engines(client: FlaskClient) -> None:
    numbers = a_branch(320)
    address = f"/posts/{post_of(numbers[0]).id}/comments/{numbers[0]}/replies"
    answer = client.get(address)
    assert '<meta name="robots" content="noindex">' in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    a_comment(post_of(numbers[0]), "A change.", db.session.get(Comment, numbers[0]))
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_there_are_no_replies_of_what_readers_do_not_see(client: FlaskClient) -> None:
    numbers = a_branch(5)
    post, other = post_of(numbers[0]), a_post("Elsewhere")
    alone = a_comment(post)
    change(alone, "remove", "a word")
    for post_id, number in ((post.id, alone.id), (post.id, 999), (other.id, numbers[0]), (999, numbers[0])):
        assert client.get(f"/posts/{post_id}/comments/{number}/replies").status_code == 404
    leads = client.get(f"/posts/{post.id}/comments/{numbers[3]}/replies")
    assert leads.location == f"/posts/{post.id}/comments/{numbers[0]}/replies"


@pytest.mark.parametrize("asked", ["", "x", "-", "1-", "9" * 40, "1-1-1", "0-0", "999999999999999-1", "%00"])
def test_a_key_that_is_none_begins_at_the_first_reply(client: FlaskClient, asked: str) -> None:
    numbers = a_branch(120)
    post = post_of(numbers[0])
    for name in ("after", "before"):
        answer = client.get(f"/posts/{post.id}/comments/{numbers[0]}/replies?{name}={asked}")
        assert answer.status_code == 200
        assert client.get(f"{post.path}?{name}={asked}").status_code == 200


@CHAIN
def test_permalinks_lead_to_where_the_response_stands(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(2500, chain=chain)
    post = post_of(numbers[0])
    for number in (0, 1, 60, 61, 1000, 2479, 2480, 2499):
        place = client.get(f"/posts/{post.id}/comments/{numbers[number]}").location
        left_out = FIRST_REPLIES < number < 2500 - LAST_REPLIES
        assert ("/replies?after=" in place) == left_out
        assert numbers[number] in shown(client.get(place).text)
        assert place.endswith(f"#comment-{numbers[number]}")
    by_time = db.session.get_one(Comment, numbers[1000]).position
    assert client.get(f"{post.path}?showComment={by_time}").location.endswith(f"#comment-{numbers[1000]}")


def test_a_page_ends_after_some_hundred_responses_and_the_next_goes_on(client: FlaskClient) -> None:
    post, numbers = a_post(), []
    for size in (90, 90, 90, 90, 3, 3, 40):
        numbers += a_branch(size, post=post)
    first = client.get(post.path or "").text
    assert shown(first) == numbers[:360]
    assert all_pages(client, post.path or "", "Later") == numbers
    for number in (0, 359, 360, 366, len(numbers) - 1):
        place = client.get(f"/posts/{post.id}/comments/{numbers[number]}").location
        assert numbers[number] in shown(client.get(place).text)
    second = client.get(links(first)["Later"]).text
    assert shown(client.get(links(second)["Earlier"]).text) == numbers[:360]


@pytest.mark.parametrize("htmx", [True, False])
def test_a_reply_to_a_long_branch_is_seen_by_its_writer_at_once(client: FlaskClient, htmx: bool) -> None:
    numbers = a_branch(400)
    for parent in (numbers[0], numbers[5], numbers[200]):
        sent = answer(client, post_of(numbers[0]), f"To {parent}.", htmx=htmx, parent_id=str(parent))
        page = sent.text if htmx else client.get(sent.location).text
        assert f"To {parent}." in page
        if parent != numbers[0]:
            assert re.search(rf'class="in-reply-to" href="[^"]*{parent}"', page)


def test_a_hidden_comment_keeps_its_place_in_a_long_branch(client: FlaskClient) -> None:
    numbers = a_branch(200)
    post = post_of(numbers[0])
    hidden = db.session.get_one(Comment, numbers[3])
    reply = a_comment(post, "UNDER A HIDDEN ONE", hidden)
    change(hidden, "remove", "a word")
    page = client.get(post.path or "").text
    assert f'<article id="comment-{hidden.id}" class="hidden-response"' in page
    assert page.index(f'id="comment-{hidden.id}"') < page.index("UNDER A HIDDEN ONE")
    change(reply, "remove", "a word")
    assert f'id="comment-{hidden.id}"' not in client.get(post.path or "").text


def figures_of(client: FlaskClient, address: str) -> tuple[int, int]:
    """How many queries a page costs that nobody asked for before, and how many rows."""
    with counted() as asked:
        assert client.get(address).status_code < 400
    return len(asked.statements), asked.rows


def test_many_hidden_replies_cost_a_page_nothing(client: FlaskClient) -> None:
    few, many = a_branch(50), a_branch(5000, status="spam")
    visible, hidden = (figures_of(client, post_of(numbers[0]).path or "") for numbers in (few, many))
    assert hidden[0] == visible[0]
    assert hidden[1] < visible[1]


@CHAIN
def test_a_page_costs_no_more_for_ten_thousand_than_for_some_hundred(client: FlaskClient, chain: bool) -> None:
    costs = []
    for size in (300, 10_000):
        numbers = a_branch(size, chain=chain)
        post = post_of(numbers[0])
        replies = f"/posts/{post.id}/comments/{numbers[0]}/replies"
        middle = client.get(f"/posts/{post.id}/comments/{numbers[150]}").location.partition("#")[0]
        pages = [post.path or "", f"{post.path}?order=newest", f"{post.path}?order=agreed", replies, middle]
        costs.append([figures_of(client, page) for page in pages])
        assert figures_of(client, f"/posts/{post.id}/comments/{numbers[-150]}")[1] < 20
    assert [queries for queries, _rows in costs[0]] == [queries for queries, _rows in costs[1]]
    for few, many in zip(*costs, strict=True):
        assert many[1] <= few[1] + PAGE_SIZE


def test_home_reads_no_response(client: FlaskClient) -> None:
    a_branch(500)
    with counted() as asked:
        assert "500 Responses" in client.get("/").text
    assert [statement for statement in asked.statements if "comments" in statement.partition("FROM")[2]] == []


def test_a_chain_of_five_thousand_answers_is_shown(client: FlaskClient) -> None:
    numbers = a_branch(5000, chain=True)
    post = post_of(numbers[0])
    page = client.get(post.path or "").text
    assert len(shown(page)) == FIRST_REPLIES + LAST_REPLIES + 1
    last = a_comment(post, "The last link.", db.session.get(Comment, numbers[-1]))
    assert "The last link." in client.get(post.path or "").text
    change(last, "remove", "a word")
    assert "The last link." not in client.get(post.path or "").text


def test_a_change_of_one_response_leaves_the_others_as_they_were_made(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = a_branch(90)
    post = post_of(numbers[0])
    made: list[int] = []
    monkeypatch.setattr(branches, "responses_cached", FragmentCache(8_000_000))
    render = branches.Branch._render
    monkeypatch.setattr(branches.Branch, "_render", lambda self: made.append(self.comment.id) or render(self))
    client.get(post.path or "")
    assert sorted(made) == numbers
    made.clear()
    agree(post.id, numbers[40], Voice("bob", "bob's address"))
    new = a_comment(post, "One more.", db.session.get(Comment, numbers[7]))
    assert "One more." in client.get(post.path or "").text
    assert sorted(made) == [numbers[40], new.id]


def test_a_live_reply_says_how_many_its_branch_has(app: Flask) -> None:
    numbers = a_branch(300)
    post = post_of(numbers[0])
    a_comment(post, "Late.", db.session.get(Comment, numbers[200]))
    with app.test_request_context("/"):
        found = news(f"post:{post.id}", 300)
    assert found
    html = found.events.decode()
    assert 'hx-swap="thread total:301"' in html
    assert f'data-branch="{numbers[200]}" data-top="{numbers[0]}"' in html


def test_a_hidden_top_of_a_long_branch_costs_the_live_stream_little(app: Flask) -> None:
    rows = []
    for size in (200, 5000):
        numbers = a_branch(size)
        change(db.session.get_one(Comment, numbers[0]), "remove", "a word")
        post = post_of(numbers[0])
        with app.test_request_context("/"), counted() as asked:
            found = news(f"post:{post.id}", size)
        assert found
        assert b"no longer here" in found.events
        assert b"data-gone" not in found.events
        rows.append(asked.rows)
    assert rows[1] <= rows[0]


@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_nothing_is_missed_or_comes_twice_while_others_post_and_agree(client: FlaskClient, order: str) -> None:
    post = filled(600)
    there = set(all_tops(client, f"{post.path}?order={order}", lambda _page: None))
    before = sorted(there)

    def meanwhile(page: int) -> None:
        for number in range(3):
            a_comment(post, f"While page {page} is read.")
            for voice in range(page + number + 1):
                agree(post.id, before[-1 - 7 * page - number], Voice(f"{page} {voice}", f"{page} {voice}"))

    met = all_tops(client, f"{post.path}?order={order}", meanwhile)
    assert len(met) == len(set(met))
    assert there <= set(met)


def all_tops(client: FlaskClient, address: str, meanwhile: Callable[[int], None]) -> list[int]:
    met: list[int] = []
    for page in range(1, 100):
        text = client.get(address).text
        met += tops(text)
        meanwhile(page)
        onward = links(text).keys() & {"Later", "On", "Earlier"} - (
            {"Later"} if "order=newest" in address else {"Earlier"}
        )
        if not onward:
            break
        address = links(text)[onward.pop()]
    return met


@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_nothing_is_missed_while_responses_are_removed(client: FlaskClient, order: str) -> None:
    post = filled(400)
    address = f"{post.path}?order={order}"
    there = all_tops(client, address, lambda _page: None)

    def meanwhile(page: int) -> None:
        if page == 1:
            change(db.session.get_one(Comment, there[2]), "remove", "a word")

    assert all_tops(client, address, meanwhile) == there


def test_the_number_of_the_next_page_leads_where_the_page_goes_on(client: FlaskClient) -> None:
    post = filled(400)
    first = client.get(f"{post.path}?order=newest").text
    a_comment(post, "Meanwhile.")
    second = client.get(links(first)["2"]).text
    assert not set(tops(first)) & set(tops(second))
    assert links(first)["2"] == links(first)["Earlier"]


@pytest.mark.parametrize("asked", ["1-1", "1-1-1", "9-9-9-9-9", "1-99999999999-1-1", "-", "x-1", "1-1-1-x", "9" * 30])
@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_an_address_with_a_broken_place_to_go_on_is_a_page(client: FlaskClient, order: str, asked: str) -> None:
    post = filled(60)
    assert tops(client.get(f"{post.path}?order={order}&page=1&after={asked}").text)
