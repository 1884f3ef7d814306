from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from blog.comments.models import Comment
from blog.comments.thread.permalinks import page_of
from blog.comments.thread.tree import PAGE_SIZE
from blog.db import db
from blog.dev.fill import Extent, fill
from blog.posts.models import Post
from tests.factories import a_comment, a_post, answer
from tests.system.visits import change


def filled(comments: int, seed: int = 1) -> Post:
    """A post with so many comments."""
    list(fill(Extent(1, comments), seed))
    return db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()


def tops(page: str) -> list[int]:
    """The comments at the top of the thread, as a page shows them."""
    return [int(number) for number in re.findall(r'<li id="thread-(\d+)" class="response"(?![^>]*data-branch)', page)]


def shown(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<article id="comment-(\d+)"', page)]


def links(page: str) -> dict[str, str]:
    """The links to other pages of the thread: the word and the address."""
    return {
        word: unescape(address) for address, word in re.findall(r'<a href="([^"]+)#thread-page"[^>]*>([^<]+)</a>', page)
    }


def test_every_response_stands_on_exactly_one_page_with_its_replies(client: FlaskClient) -> None:
    post = filled(300)
    page = client.get(post.path or "").text
    met, pages = shown(page), 1
    assert len(tops(page)) == PAGE_SIZE
    while "Later" in links(page):
        page = client.get(links(page)["Later"]).text
        met += shown(page)
        pages += 1
    assert pages == -(-post.top_count // PAGE_SIZE) > 2
    assert sorted(met) == sorted(db.session.scalars(select(Comment.id)))


def test_the_newest_first_is_the_same_thread_turned_around(client: FlaskClient) -> None:
    post = filled(300)
    first = client.get(post.path or "").text
    newest = client.get(links(first)["Newest first"]).text
    numbers = list(db.session.scalars(select(Comment.id).where(Comment.root_id.is_(None)).order_by(Comment.created_at)))
    assert tops(first) == numbers[:PAGE_SIZE]
    assert tops(newest) == numbers[: -PAGE_SIZE - 1 : -1]
    assert tops(client.get(links(newest)["2"]).text) == numbers[-PAGE_SIZE - 1 : -2 * PAGE_SIZE - 1 : -1]


def test_a_permalink_leads_to_the_page_and_the_place(client: FlaskClient) -> None:
    post = filled(300)
    deepest = db.session.scalars(select(Comment).order_by(Comment.depth.desc(), Comment.id.desc()).limit(1)).one()
    assert page_of(deepest) > 1
    place = client.get(f"/posts/{post.id}/comments/{deepest.id}").location
    assert place.endswith(f"?page={page_of(deepest)}#comment-{deepest.id}")
    assert deepest.id in shown(client.get(place).text)


def test_bloggers_link_to_a_comment_finds_it_by_its_time(client: FlaskClient) -> None:
    post = filled(300)
    last = db.session.scalars(select(Comment).order_by(Comment.created_at.desc()).limit(1)).one()
    place = client.get(f"{post.path}?showComment={last.position}").location
    assert place == client.get(f"/posts/{post.id}/comments/{last.id}").location
    for nothing in ("", "1", "x", "9" * 30, "-5", "1e5"):
        assert client.get(f"{post.path}?showComment={nothing}").status_code == 200


def test_what_was_just_posted_is_found_on_its_page_without_javascript(client: FlaskClient) -> None:
    post = filled(150)
    place = answer(client, post, "The last word.", htmx=False).location
    assert "page=" in place
    assert "The last word." in client.get(place).text
    assert "The last word." not in client.get(post.path or "").text


@pytest.mark.parametrize("asked", ["0", "-1", "x", "999999", "99999999999999999999999", "1.5", ""])
def test_a_page_that_there_is_not_is_the_nearest_one(client: FlaskClient, asked: str) -> None:
    post = filled(150)
    assert tops(client.get(f"{post.path}?page={asked}").text)


def test_hidden_responses_keep_a_place_only_where_something_stands_under_them(client: FlaskClient) -> None:
    post = a_post()
    alone, answered = a_comment(post, "ALONE"), a_comment(post, "ANSWERED")
    reply = a_comment(post, "REPLY", answered)
    for comment in (alone, answered):
        change(comment, "remove", "a word")
    page = client.get(post.path or "").text
    assert shown(page) == [answered.id, reply.id]
    assert "ALONE" not in page
    assert "ANSWERED" not in page
    change(reply, "remove", "a word")
    assert shown(client.get(post.path or "").text) == []


def test_a_page_asks_the_database_as_often_for_five_thousand_as_for_fifty(app: Flask, client: FlaskClient) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    small, large = filled(50), filled(5000, seed=2)
    counts = []
    for address in (
        small.path,
        large.path,
        f"{large.path}?page=37",
        f"{large.path}?order=newest",
        f"{large.path}?order=agreed",
    ):
        asked.clear()
        assert client.get(address or "").status_code == 200
        counts.append(len([statement for statement in asked if statement.startswith(("SELECT", "WITH"))]))
    assert len(set(counts)) == 1


def test_few_pages_are_all_named_and_many_are_cut_short(client: FlaskClient) -> None:
    post = filled(1500)
    nav = client.get(f"{post.path}?page=6").text.split('class="pages"')[1].split("</nav>")[0]
    assert re.findall(r">(\d+|…)<", nav) == ["1", "…", "4", "5", "6", "7", "8", "…", str(-(-post.top_count // 50))]
