"""Test that pages of long branches have a bounded size, and that their links lead to every comment."""

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

from blog.comments.identity import Visitor
from blog.comments.live_events import news
from blog.comments.models import Comment
from blog.comments.reactions.agreements import agree
from blog.comments.thread import branches, permalinks, tree
from blog.comments.thread.replies import FIRST_REPLIES, LAST_REPLIES, MAX_WHOLE_BRANCH, PAGE_SIZE
from blog.comments.thread.tree import PAGE_RESPONSES
from blog.db import db
from blog.web.fragment_cache import FragmentCache
from tests.comments.thread.branches import a_branch, load_post
from tests.comments.thread.test_tree import comment_ids, page_links, post_with_comments, root_ids
from tests.factories import a_comment, a_post, answer
from tests.system.visits import change

SMALL_PAGE = 15
CHAIN = pytest.mark.parametrize("chain", [False, True], ids=["flat", "chain"])


class QueryLog:
    """Record the queries that run, and how many rows they return."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows = 0

    def before_query(self, _connection: Any, cursor: Any, statement: str, *_args: Any) -> None:
        if statement.lstrip("(").startswith(("SELECT", "WITH")):
            self.statements.append(statement)
        if isinstance(cursor, sqlite3.Cursor):
            cursor.row_factory = self.count_row

    def count_row(self, _cursor: object, row: Any) -> Any:
        self.rows += 1
        return row

    def after_query(self, _connection: Any, cursor: Any, *_args: Any) -> None:
        self.rows += max(0, cursor.rowcount) if not isinstance(cursor, sqlite3.Cursor) else 0


@contextmanager
def log_queries() -> Iterator[QueryLog]:
    log = QueryLog()
    event.listen(db.engine, "before_cursor_execute", log.before_query)
    event.listen(db.engine, "after_cursor_execute", log.after_query)
    try:
        yield log
    finally:
        event.remove(db.engine, "before_cursor_execute", log.before_query)
        event.remove(db.engine, "after_cursor_execute", log.after_query)


def gap_link(page: str) -> str:
    """Return the address and the text of the link to the collapsed replies."""
    match = re.search(r'class="more-replies" href="([^"]+)"[^>]*>([^<]+)<', page)
    return " ".join(map(unescape, match.groups())) if match else ""


def all_comment_ids(client: FlaskClient, address: str, word: str) -> list[int]:
    """Return the comment ids on all pages of a thread or a branch."""
    seen: list[int] = []
    while True:
        page = client.get(address).text
        assert len(comment_ids(page)) <= PAGE_RESPONSES + MAX_WHOLE_BRANCH
        seen += comment_ids(page)
        next_address = page_links(page).get(word) or gap_link(page).partition(" ")[0]
        if not next_address:
            return seen
        address = next_address


@CHAIN
def test_long_branch_collapses_to_its_first_and_last_replies_and_a_link(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(320, chain=chain)
    post = load_post(numbers[0])
    page = client.get(post.path or "").text
    assert comment_ids(page) == numbers[: FIRST_REPLIES + 1] + numbers[-LAST_REPLIES:]
    address, _, words = gap_link(page).partition(" ")
    assert address.startswith(f"/posts/{post.id}/comments/{numbers[0]}/replies?after=")
    assert words == f"Show 200 of {320 - 1 - FIRST_REPLIES - LAST_REPLIES} more replies"
    # in document order, the link is where the replies are left out
    assert page.index(f'id="comment-{numbers[60]}"') < page.index("more-replies")
    assert page.index("more-replies") < page.index(f'id="comment-{numbers[-20]}"')


def test_short_branch_is_not_collapsed(client: FlaskClient) -> None:
    numbers = a_branch(MAX_WHOLE_BRANCH)
    page = client.get(load_post(numbers[0]).path or "").text
    assert comment_ids(page) == numbers
    assert gap_link(page) == ""


@CHAIN
def test_reply_pages_list_all_replies_of_a_branch(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(2 * PAGE_SIZE + 20, chain=chain)
    seen = all_comment_ids(client, f"/posts/{load_post(numbers[0]).id}/comments/{numbers[0]}/replies", "none")
    # each page has the root
    assert seen.count(numbers[0]) == 3
    assert [number for number in seen if number != numbers[0]] == numbers[1:]


def test_reply_pages_link_back_to_earlier_replies(client: FlaskClient) -> None:
    numbers = a_branch(2 * PAGE_SIZE + 20)
    page = client.get(f"/posts/{load_post(numbers[0]).id}/comments/{numbers[0]}/replies").text
    for _ in range(2):
        page = client.get(gap_link(page).partition(" ")[0]).text
    assert comment_ids(page) == [numbers[0], *numbers[2 * PAGE_SIZE + 1 :]]
    earlier = re.search(r'<a href="([^"]+\?before=[^"]+)#thread-page"', page)
    assert earlier
    assert comment_ids(client.get(earlier[1]).text) == [numbers[0], *numbers[PAGE_SIZE + 1 : 2 * PAGE_SIZE + 1]]


def test_reply_page_is_cacheable_and_has_noindex(client: FlaskClient) -> None:
    numbers = a_branch(320)
    address = f"/posts/{load_post(numbers[0]).id}/comments/{numbers[0]}/replies"
    answer = client.get(address)
    assert '<meta name="robots" content="noindex">' in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    a_comment(load_post(numbers[0]), "A change.", db.session.get(Comment, numbers[0]))
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_reply_page_of_a_hidden_or_missing_comment_is_404(client: FlaskClient) -> None:
    numbers = a_branch(5)
    post, other = load_post(numbers[0]), a_post("Elsewhere")
    alone = a_comment(post)
    change(alone, "remove", "a word")
    for post_id, number in ((post.id, alone.id), (post.id, 999), (other.id, numbers[0]), (999, numbers[0])):
        assert client.get(f"/posts/{post_id}/comments/{number}/replies").status_code == 404
    redirect = client.get(f"/posts/{post.id}/comments/{numbers[3]}/replies")
    assert redirect.location == f"/posts/{post.id}/comments/{numbers[0]}/replies"


@pytest.mark.parametrize("key", ["", "x", "-", "1-", "9" * 40, "1-1-1", "0-0", "999999999999999-1", "%00"])
def test_invalid_key_gives_the_first_reply_page(client: FlaskClient, key: str) -> None:
    numbers = a_branch(MAX_WHOLE_BRANCH + 1)
    post = load_post(numbers[0])
    for name in ("after", "before"):
        answer = client.get(f"/posts/{post.id}/comments/{numbers[0]}/replies?{name}={key}")
        assert answer.status_code == 200
        assert client.get(f"{post.path}?{name}={key}").status_code == 200


@CHAIN
def test_permalink_leads_to_the_page_that_has_the_comment(client: FlaskClient, chain: bool) -> None:
    numbers = a_branch(2500, chain=chain)
    post = load_post(numbers[0])
    for number in (0, 1, 60, 61, 1000, 2479, 2480, 2499):
        permalink = client.get(f"/posts/{post.id}/comments/{numbers[number]}").location
        left_out = FIRST_REPLIES < number < 2500 - LAST_REPLIES
        assert ("/replies?after=" in permalink) == left_out
        assert numbers[number] in comment_ids(client.get(permalink).text)
        assert permalink.endswith(f"#comment-{numbers[number]}")
    by_time = db.session.get_one(Comment, numbers[1000]).position
    assert client.get(f"{post.path}?showComment={by_time}").location.endswith(f"#comment-{numbers[1000]}")


def test_page_ends_after_some_hundred_comments_and_the_next_continues(client: FlaskClient) -> None:
    post, numbers = a_post(), []
    for size in (90, 90, 90, 90, 3, 3, 40):
        numbers += a_branch(size, post=post)
    first = client.get(post.path or "").text
    assert comment_ids(first) == numbers[:360]
    assert all_comment_ids(client, post.path or "", "Later") == numbers
    for number in (0, 359, 360, 366, len(numbers) - 1):
        permalink = client.get(f"/posts/{post.id}/comments/{numbers[number]}").location
        assert numbers[number] in comment_ids(client.get(permalink).text)
    second = client.get(page_links(first)["Later"]).text
    assert comment_ids(client.get(page_links(second)["Earlier"]).text) == numbers[:360]


@pytest.mark.parametrize("htmx", [True, False])
def test_reply_in_a_long_branch_is_visible_to_its_writer_at_once(client: FlaskClient, htmx: bool) -> None:
    numbers = a_branch(400)
    for parent in (numbers[0], numbers[5], numbers[200]):
        sent = answer(client, load_post(numbers[0]), f"To {parent}.", htmx=htmx, parent_id=str(parent))
        page = sent.text if htmx else client.get(sent.location).text
        assert f"To {parent}." in page
        if parent != numbers[0]:
            assert re.search(rf'class="in-reply-to" href="[^"]*{parent}"', page)


def test_hidden_comment_with_visible_replies_keeps_its_place_in_a_long_branch(client: FlaskClient) -> None:
    numbers = a_branch(200)
    post = load_post(numbers[0])
    hidden = db.session.get_one(Comment, numbers[3])
    reply = a_comment(post, "UNDER A HIDDEN ONE", hidden)
    change(hidden, "remove", "a word")
    page = client.get(post.path or "").text
    assert f'<article id="comment-{hidden.id}" class="hidden-response"' in page
    assert page.index(f'id="comment-{hidden.id}"') < page.index("UNDER A HIDDEN ONE")
    change(reply, "remove", "a word")
    assert f'id="comment-{hidden.id}"' not in client.get(post.path or "").text


def measure_queries(client: FlaskClient, address: str) -> tuple[int, int]:
    """Return the queries and rows that a page takes which is not cached."""
    with log_queries() as log:
        assert client.get(address).status_code < 400
    return len(log.statements), log.rows


def test_hidden_replies_add_no_queries_or_rows(client: FlaskClient) -> None:
    few, many = a_branch(50), a_branch(5000, status="spam")
    visible, hidden = (measure_queries(client, load_post(numbers[0]).path or "") for numbers in (few, many))
    assert hidden[0] == visible[0]
    assert hidden[1] < visible[1]


@pytest.mark.slow
@CHAIN
def test_page_reads_no_more_for_ten_thousand_comments_than_for_three_hundred(client: FlaskClient, chain: bool) -> None:
    costs = []
    for size in (300, 10_000):
        numbers = a_branch(size, chain=chain)
        post = load_post(numbers[0])
        replies = f"/posts/{post.id}/comments/{numbers[0]}/replies"
        middle = client.get(f"/posts/{post.id}/comments/{numbers[150]}").location.partition("#")[0]
        pages = [post.path or "", f"{post.path}?order=newest", f"{post.path}?order=agreed", replies, middle]
        costs.append([measure_queries(client, page) for page in pages])
        assert measure_queries(client, f"/posts/{post.id}/comments/{numbers[-150]}")[1] < 20
    assert [queries for queries, _rows in costs[0]] == [queries for queries, _rows in costs[1]]
    for few, many in zip(*costs, strict=True):
        assert many[1] <= few[1] + PAGE_SIZE


def test_home_page_reads_no_comment(client: FlaskClient) -> None:
    a_branch(500)
    with log_queries() as log:
        assert "500 Responses" in client.get("/").text
    assert [statement for statement in log.statements if "comments" in statement.partition("FROM")[2]] == []


def test_chain_of_five_thousand_replies_renders(client: FlaskClient) -> None:
    numbers = a_branch(5000, chain=True)
    post = load_post(numbers[0])
    page = client.get(post.path or "").text
    assert len(comment_ids(page)) == FIRST_REPLIES + LAST_REPLIES + 1
    last = a_comment(post, "The last link.", db.session.get(Comment, numbers[-1]))
    assert "The last link." in client.get(post.path or "").text
    change(last, "remove", "a word")
    assert "The last link." not in client.get(post.path or "").text


def test_change_of_one_comment_renders_no_other_again(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = a_branch(90)
    post = load_post(numbers[0])
    rendered: list[int] = []
    monkeypatch.setattr(branches, "comment_cache", FragmentCache(8_000_000))
    render = branches.Branch._render
    monkeypatch.setattr(branches.Branch, "_render", lambda self: rendered.append(self.comment.id) or render(self))
    client.get(post.path or "")
    assert sorted(rendered) == numbers
    rendered.clear()
    agree(post.id, numbers[40], Visitor("bob", "bob's address"))
    new = a_comment(post, "One more.", db.session.get(Comment, numbers[7]))
    assert "One more." in client.get(post.path or "").text
    assert sorted(rendered) == [numbers[40], new.id]


def test_live_reply_carries_the_count_of_its_branch(app: Flask) -> None:
    numbers = a_branch(300)
    post = load_post(numbers[0])
    a_comment(post, "Late.", db.session.get(Comment, numbers[200]))
    with app.test_request_context("/"):
        update = news(f"post:{post.id}", 300)
    assert update
    html = update.events.decode()
    assert 'hx-swap="thread total:301"' in html
    assert f'data-branch="{numbers[200]}" data-top="{numbers[0]}"' in html


def test_live_event_for_a_hidden_root_reads_few_rows(app: Flask) -> None:
    rows = []
    for size in (200, 5000):
        numbers = a_branch(size)
        change(db.session.get_one(Comment, numbers[0]), "remove", "a word")
        post = load_post(numbers[0])
        with app.test_request_context("/"), log_queries() as log:
            update = news(f"post:{post.id}", size)
        assert update
        assert b"no longer here" in update.events
        assert b"data-gone" not in update.events
        rows.append(log.rows)
    assert rows[1] <= rows[0]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put fewer branches on a page, so that fewer comments fill several."""
    for module in (tree, permalinks):
        monkeypatch.setattr(module, "PAGE_SIZE", SMALL_PAGE)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_paging_misses_and_repeats_nothing_while_others_post_and_agree(client: FlaskClient, order: str) -> None:
    post = post_with_comments(200)
    assert post.top_count > 4 * SMALL_PAGE
    expected = set(all_root_ids(client, f"{post.path}?order={order}", lambda _page: None))
    before = sorted(expected)

    def meanwhile(page: int) -> None:
        for number in range(3):
            a_comment(post, f"While page {page} is read.")
            for voice in range(page + number + 1):
                agree(post.id, before[-1 - 7 * page - number], Visitor(f"{page} {voice}", f"{page} {voice}"))

    seen = all_root_ids(client, f"{post.path}?order={order}", meanwhile)
    assert len(seen) == len(set(seen))
    assert expected <= set(seen)


def all_root_ids(client: FlaskClient, address: str, meanwhile: Callable[[int], None]) -> list[int]:
    seen: list[int] = []
    for page in range(1, 100):
        text = client.get(address).text
        seen += root_ids(text)
        meanwhile(page)
        next_address = page_links(text).keys() & {"Later", "Next", "Earlier"} - (
            {"Later"} if "order=newest" in address else {"Earlier"}
        )
        if not next_address:
            break
        address = page_links(text)[next_address.pop()]
    return seen


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_paging_misses_nothing_while_comments_are_removed(client: FlaskClient, order: str) -> None:
    post = post_with_comments(120)
    assert post.top_count > 2 * SMALL_PAGE
    address = f"{post.path}?order={order}"
    expected = all_root_ids(client, address, lambda _page: None)

    def meanwhile(page: int) -> None:
        if page == 1:
            change(db.session.get_one(Comment, expected[2]), "remove", "a word")

    assert all_root_ids(client, address, meanwhile) == expected


@pytest.mark.usefixtures("small_pages")
def test_number_of_the_next_page_links_to_its_cursor(client: FlaskClient) -> None:
    post = post_with_comments(120)
    first = client.get(f"{post.path}?order=newest").text
    a_comment(post, "Meanwhile.")
    second = client.get(page_links(first)["2"]).text
    assert not set(root_ids(first)) & set(root_ids(second))
    assert page_links(first)["2"] == page_links(first)["Earlier"]


@pytest.mark.parametrize("cursor", ["1-1", "1-1-1", "9-9-9-9-9", "1-99999999999-1-1", "-", "x-1", "1-1-1-x", "9" * 30])
@pytest.mark.parametrize("order", ["oldest", "newest", "agreed"])
def test_invalid_cursor_gives_a_page(client: FlaskClient, order: str, cursor: str) -> None:
    post = post_with_comments(60)
    assert root_ids(client.get(f"{post.path}?order={order}&page=1&after={cursor}").text)
