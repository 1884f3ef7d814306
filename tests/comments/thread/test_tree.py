from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from blog.comments.models import Comment
from blog.comments.thread.permalinks import page_number
from blog.comments.thread.tree import PAGE_SIZE
from blog.db import db
from blog.dev.fill import Extent, fill
from blog.posts.models import Post
from tests.factories import a_comment, a_post, answer
from tests.system.visits import change


def post_with_comments(comments: int, seed: int = 1) -> Post:
    """Return a new post with this number of comments."""
    list(fill(Extent(1, comments), seed))
    return db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()


def root_ids(page: str) -> list[int]:
    """Return the ids of the root comments on a page, in order."""
    return [int(number) for number in re.findall(r'<li id="thread-(\d+)" class="response"(?![^>]*data-branch)', page)]


def comment_ids(page: str) -> list[int]:
    """Return the ids of all comments on a page, in order."""
    return [int(number) for number in re.findall(r'<article id="comment-(\d+)"', page)]


def page_links(page: str) -> dict[str, str]:
    """Return the links to other pages of the thread: text and address."""
    return {
        word: unescape(address) for address, word in re.findall(r'<a href="([^"]+)#thread-page"[^>]*>([^<]+)</a>', page)
    }


def test_each_comment_is_on_exactly_one_page_with_its_replies(client: FlaskClient) -> None:
    post = post_with_comments(300)
    page = client.get(post.path or "").text
    seen, pages = comment_ids(page), 1
    assert len(root_ids(page)) == PAGE_SIZE
    while "Later" in page_links(page):
        page = client.get(page_links(page)["Later"]).text
        seen += comment_ids(page)
        pages += 1
    assert pages == -(-post.top_count // PAGE_SIZE) > 2
    assert sorted(seen) == sorted(db.session.scalars(select(Comment.id)))


def test_newest_first_reverses_the_thread(client: FlaskClient) -> None:
    post = post_with_comments(300)
    first = client.get(post.path or "").text
    newest = client.get(page_links(first)["Newest first"]).text
    numbers = list(db.session.scalars(select(Comment.id).where(Comment.root_id.is_(None)).order_by(Comment.created_at)))
    assert root_ids(first) == numbers[:PAGE_SIZE]
    assert root_ids(newest) == numbers[: -PAGE_SIZE - 1 : -1]
    assert root_ids(client.get(page_links(newest)["2"]).text) == numbers[-PAGE_SIZE - 1 : -2 * PAGE_SIZE - 1 : -1]


def test_permalink_redirects_to_the_page_and_the_anchor(client: FlaskClient) -> None:
    post = post_with_comments(300)
    deepest = db.session.scalars(select(Comment).order_by(Comment.depth.desc(), Comment.id.desc()).limit(1)).one()
    assert page_number(deepest) > 1
    address = client.get(f"/posts/{post.id}/comments/{deepest.id}").location
    assert address.endswith(f"?page={page_number(deepest)}#comment-{deepest.id}")
    assert deepest.id in comment_ids(client.get(address).text)


def test_showcomment_parameter_finds_a_comment_by_its_time(client: FlaskClient) -> None:
    post = post_with_comments(300)
    last = db.session.scalars(select(Comment).order_by(Comment.created_at.desc()).limit(1)).one()
    address = client.get(f"{post.path}?showComment={last.position}").location
    assert address == client.get(f"/posts/{post.id}/comments/{last.id}").location
    for value in ("", "1", "x", "9" * 30, "-5", "1e5"):
        assert client.get(f"{post.path}?showComment={value}").status_code == 200


def test_new_comment_is_on_the_page_it_redirects_to_without_javascript(client: FlaskClient) -> None:
    post = post_with_comments(150)
    address = answer(client, post, "The last word.", htmx=False).location
    assert "page=" in address
    assert "The last word." in client.get(address).text
    assert "The last word." not in client.get(post.path or "").text


@pytest.mark.parametrize("number", ["0", "-1", "x", "999999", "99999999999999999999999", "1.5", ""])
def test_invalid_page_number_gives_the_nearest_page(client: FlaskClient, number: str) -> None:
    post = post_with_comments(150)
    assert root_ids(client.get(f"{post.path}?page={number}").text)


def test_hidden_comment_keeps_its_place_only_with_visible_replies(client: FlaskClient) -> None:
    post = a_post()
    unanswered, answered = a_comment(post, "ALONE"), a_comment(post, "ANSWERED")
    reply = a_comment(post, "REPLY", answered)
    for comment in (unanswered, answered):
        change(comment, "remove", "a word")
    page = client.get(post.path or "").text
    assert comment_ids(page) == [answered.id, reply.id]
    assert "ALONE" not in page
    assert "ANSWERED" not in page
    change(reply, "remove", "a word")
    assert comment_ids(client.get(post.path or "").text) == []


def test_page_takes_as_many_queries_for_five_thousand_comments_as_for_fifty(app: Flask, client: FlaskClient) -> None:
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    small, large = post_with_comments(50), post_with_comments(5000, seed=2)
    counts = []
    for address in (
        small.path,
        large.path,
        f"{large.path}?page=37",
        f"{large.path}?order=newest",
        f"{large.path}?order=agreed",
    ):
        statements.clear()
        assert client.get(address or "").status_code == 200
        counts.append(len([statement for statement in statements if statement.startswith(("SELECT", "WITH"))]))
    assert len(set(counts)) == 1


def test_pagination_links_leave_out_pages_in_the_middle(client: FlaskClient) -> None:
    post = post_with_comments(1500)
    nav = client.get(f"{post.path}?page=6").text.split('class="pages"')[1].split("</nav>")[0]
    assert re.findall(r">(\d+|…)<", nav) == ["1", "…", "4", "5", "6", "7", "8", "…", str(-(-post.top_count // 50))]
