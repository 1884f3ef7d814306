"""Test threads of several pages in browsers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.dev.fill import Extent, fill
from blog.posts.models import Post
from tests.factories import a_comment
from tests.live_server import Server
from tests.postgres.databases import on_sqlite
from tests.system.visits import following, stay, stayed

pytestmark = on_sqlite


@pytest.fixture
def long_thread() -> Post:
    """Create a post whose thread has three pages."""
    list(fill(Extent(1, 260), seed=4))
    post = db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()
    assert 100 < post.top_count <= 150
    return post


def first_of(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("#responses > li").first.get_attribute("id") or ""))


def test_page_turns_keep_the_text_in_the_form(
    serve: Callable[..., Server], reader: Callable[..., Page], long_thread: Post
) -> None:
    server = serve()
    ann = reader()
    ann.goto(server.url + long_thread.path)
    following(ann)
    stay(ann)
    first = first_of(ann)
    ann.locator("#responses .reply").first.click()
    ann.locator("#body").fill("Half a thought")
    ann.get_by_role("link", name="Page 3").click()
    expect(ann.locator(".pages [aria-current]")).to_have_text("3")
    expect(ann.locator("#thread-page")).to_be_focused()
    expect(ann).to_have_url(re.compile(r"page=3"))
    expect(ann.locator("#comment-form-place #body")).to_have_value("Half a thought")
    expect(ann.locator("#comment-form [name=parent_id]")).to_have_value(str(first))
    assert first_of(ann) != first
    ann.get_by_role("link", name="Newest first").click()
    expect(ann.locator(".thread-order [aria-current]")).to_have_text("Newest first")
    last = db.session.scalars(select(Comment.id).where(Comment.root_id.is_(None)).order_by(Comment.id.desc())).first()
    assert first_of(ann) == last
    assert stayed(ann)
    ann.go_back()
    expect(ann.locator(".pages [aria-current]")).to_have_text("3")
    expect(ann.locator("#body")).to_have_value("Half a thought")
    ann.locator("#responses a.time").first.click()
    expect(ann).to_have_url(re.compile("#comment-"))
    expect(ann.locator("#body")).to_have_value("Half a thought")
    ann.go_back()
    expect(ann).not_to_have_url(re.compile("#comment-"))
    expect(ann.locator("#body")).to_have_value("Half a thought")
    expect(ann.locator("#comment-form [name=parent_id]")).to_have_value(str(first))


def test_new_response_is_placed_or_linked_by_its_page(
    serve: Callable[..., Server], reader: Callable[..., Page], long_thread: Post
) -> None:
    server = serve()
    ann, bob = reader(), reader()
    ann.goto(server.url + long_thread.path)
    bob.goto(f"{server.url}{long_thread.path}?order=newest")
    for page in (ann, bob):
        following(page)
    here = db.session.get(Comment, first_of(ann))
    a_comment(long_thread, "A reply on the first page.", here)
    late = a_comment(long_thread, "At the end of everything.")
    expect(ann.get_by_role("link", name="1 new response on another page")).to_be_visible()
    expect(ann.locator(f"#comment-{here.id}-replies")).to_contain_text("A reply on the first page.")
    expect(ann.locator("#responses")).not_to_contain_text("At the end of everything.")
    expect(bob.locator("#responses > li").first).to_have_id(f"thread-{late.id}")
    expect(bob.get_by_role("link", name="1 new response on another page")).to_be_visible()
    ann.get_by_role("link", name="1 new response on another page").click()
    expect(ann.locator(f"#comment-{late.id}")).to_be_in_viewport()


def test_own_response_shows_on_the_first_page(
    serve: Callable[..., Server], reader: Callable[..., Page], long_thread: Post
) -> None:
    server = serve()
    ann = reader()
    ann.goto(server.url + long_thread.path)
    ann.locator("#body").fill("From the first page.")
    ann.get_by_role("button", name="Post comment").click()
    expect(ann.locator("#responses")).to_contain_text("From the first page.")
    ann.reload()
    expect(ann.locator("#responses")).not_to_contain_text("From the first page.")


def test_response_during_a_page_turn_is_not_missed(
    serve: Callable[..., Server], reader: Callable[..., Page], long_thread: Post
) -> None:
    server = serve()
    ann = reader()
    ann.goto(server.url + long_thread.path)
    following(ann)
    held: list[Route] = []
    ann.route("**/*page=3*", lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    link = ann.get_by_role("link", name="Page 3")
    with ann.expect_request("**/*page=3*"):
        link.click()
    expect(link).to_have_class("htmx-request")
    earlier = held[0].fetch()
    a_comment(long_thread, "While the page was turned.")
    # the first page hears of it before the last one, which was made earlier, takes its place
    expect(ann.get_by_role("link", name="1 new response on another page")).to_be_visible()
    held[0].fulfill(response=earlier)
    expect(ann.locator(".pages [aria-current]")).to_have_text("3")
    expect(ann.locator("#responses")).to_contain_text("While the page was turned.")
    assert "While the page was turned." not in earlier.text()


def test_pages_are_plain_links_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], long_thread: Post
) -> None:
    server = serve()
    ann = reader(java_script_enabled=False)
    ann.goto(server.url + long_thread.path)
    first = first_of(ann)
    ann.get_by_role("link", name="Page 2").click()
    expect(ann.locator(".pages [aria-current]")).to_have_text("2")
    assert first_of(ann) != first
    ann.get_by_role("link", name="Newest first").click()
    ann.get_by_role("link", name="Page 3").click()
    expect(ann.locator(f"#thread-{first}")).to_be_visible()
