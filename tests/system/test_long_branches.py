"""Test branches of which a page shows only the first and last replies."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.comments.models import Comment
from blog.comments.thread.replies import FIRST_REPLIES, LAST_REPLIES, PAGE_SIZE
from blog.db import db
from tests.comments.thread.branches import a_branch, load_post
from tests.factories import a_comment, signed_in
from tests.live_server import Server
from tests.postgres.databases import on_sqlite
from tests.system.visits import change, following, sign_in, stay, stayed

pytestmark = on_sqlite
CALM = {"RATELIMIT_ENABLED": "0"}
SIZE = 320
LEFT_OUT = SIZE - 1 - FIRST_REPLIES - LAST_REPLIES
MORE = f"Show {PAGE_SIZE} of {LEFT_OUT} more replies"
CHAIN = pytest.mark.parametrize("chain", [False, True], ids=["flat", "chain"])


def opened(page: Page, server: Server, number: int) -> Page:
    page.goto(server.url + (load_post(number).path or ""))
    following(page)
    stay(page)
    return page


def shown(page: Page) -> list[int]:
    ids = page.locator("#responses article").evaluate_all("all => all.map(one => one.id)")
    return [int(re.sub(r"\D", "", one)) for one in ids]


@CHAIN
def test_omitted_replies_load_in_place_by_keyboard(
    serve: Callable[..., Server], reader: Callable[..., Page], chain: bool
) -> None:
    numbers = a_branch(SIZE, chain=chain)
    ann = opened(reader(), serve(), numbers[0])
    more = ann.locator(".more-replies")
    expect(more).to_have_text(MORE)
    more.focus()
    ann.keyboard.press("Enter")
    expect(more).to_have_text(f"Show {LEFT_OUT - PAGE_SIZE} more replies")
    expect(ann.locator(f"#comment-{numbers[FIRST_REPLIES + 1]}")).to_be_focused()
    expect(ann.locator(f"#comment-{numbers[FIRST_REPLIES + 1]}")).to_be_in_viewport()
    more.press("Enter")
    expect(more).to_have_count(0)
    assert shown(ann) == numbers
    assert stayed(ann)


def test_gap_link_leads_to_all_replies_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    numbers = a_branch(SIZE)
    server = serve(**CALM)
    ann = reader(java_script_enabled=False)
    ann.goto(server.url + (load_post(numbers[0]).path or ""))
    ann.locator(".more-replies").click()
    expect(ann.get_by_role("heading", name="Replies to Reader 0")).to_be_visible()
    assert shown(ann) == [numbers[0], *numbers[FIRST_REPLIES + 1 : FIRST_REPLIES + 1 + PAGE_SIZE]]
    ann.get_by_role("link", name="Show later replies").click()
    assert shown(ann)[-1] == numbers[-1]
    ann.get_by_role("link", name="Show earlier replies").click()
    assert numbers[FIRST_REPLIES + 5] in shown(ann)
    ann.locator(f"#comment-{numbers[100]}").get_by_role("link", name="Reply").click()
    ann.get_by_label("Your response").fill("To one in the middle.")
    ann.get_by_role("button", name="Post comment").click()
    expect(ann.locator("#responses .body", has_text="To one in the middle.")).to_be_in_viewport()
    ann.get_by_role("link", name="in reply to Reader 100").click()
    expect(ann.locator(f"#comment-{numbers[100]}")).to_be_in_viewport()


def test_live_reply_updates_the_count_of_the_gap(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    numbers = a_branch(SIZE)
    server = serve(**CALM)
    ann = opened(reader(), server, numbers[0])
    post, middle = load_post(numbers[0]), db.session.get_one(Comment, numbers[150])
    a_comment(post, "To one of the first.", db.session.get(Comment, numbers[50]))
    a_comment(post, "To one that is left out.", middle)
    expect(ann.locator(f"#comment-{numbers[50]}-replies")).to_contain_text("To one of the first.")
    late = ann.locator(f"#comment-{numbers[0]}-replies > li", has_text="To one that is left out.")
    expect(late.get_by_role("link", name="in reply to Reader 150")).to_be_visible()
    expect(ann.locator(".more-replies")).to_have_text(MORE)
    change(middle, "remove", "a word")
    expect(ann.locator(".more-replies")).to_have_text(f"Show {PAGE_SIZE} of {LEFT_OUT - 1} more replies")
    change(middle, "approve")
    expect(ann.locator(".more-replies")).to_have_text(MORE)
    ann.locator(".more-replies").click()
    # its place is on the page now
    expect(ann.locator(f"#comment-{numbers[150]}-replies")).to_contain_text("To one that is left out.")
    expect(ann.get_by_role("link", name="in reply to Reader 150")).to_have_count(0)
    assert stayed(ann)


def test_own_reply_in_a_long_branch_is_visible_after_reload(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    numbers = a_branch(SIZE)
    ann = opened(reader(), serve(**CALM), numbers[0])
    ann.locator(f"#comment-{numbers[2]} .reply").click()
    ann.locator("#body").fill("My own reply.")
    ann.get_by_role("button", name="Post comment").click()
    mine = ann.locator(f"#comment-{numbers[2]}-replies article", has_text="My own reply.")
    expect(mine).to_be_focused()
    expect(mine.get_by_role("link", name="Edit")).to_be_visible()
    ann.reload()
    expect(mine.get_by_role("link", name="Edit")).to_be_visible()
    expect(ann.locator(".more-replies")).to_have_text(f"Show {PAGE_SIZE} of {LEFT_OUT + 1} more replies")


def test_page_of_replies_is_live_and_takes_replies(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    numbers = a_branch(SIZE)
    post, server = load_post(numbers[0]), serve(**CALM)
    ann = reader()
    ann.goto(f"{server.url}/posts/{post.id}/comments/{numbers[150]}")
    following(ann)
    expect(ann.locator(f"#comment-{numbers[150]}")).to_be_in_viewport()
    a_comment(post, "Live on this page.", db.session.get(Comment, numbers[160]))
    expect(ann.locator(f"#comment-{numbers[160]}-replies")).to_contain_text("Live on this page.")
    a_comment(post, "A branch of its own.")
    expect(ann.get_by_role("link", name="1 new response on another page")).to_be_visible()
    ann.locator(f"#comment-{numbers[155]} .agree").click()
    expect(ann.locator(f"#comment-{numbers[155]} .agree")).to_have_attribute("aria-pressed", "true")
    ann.locator(f"#comment-{numbers[155]} .reply").click()
    ann.locator("#body").fill("Written on this page.")
    ann.get_by_role("button", name="Post comment").click()
    expect(ann.locator(f"#comment-{numbers[155]}-replies")).to_contain_text("Written on this page.")


def test_long_branch_collapses_with_omitted_replies(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    numbers = a_branch(SIZE)
    ann = opened(reader(), serve(), numbers[0])
    ann.get_by_role("button", name=f"Hide {SIZE - 1} responses").click()
    expect(ann.locator(".more-replies")).to_be_hidden()
    ann.reload()
    ann.get_by_role("button", name=f"{SIZE - 1} responses hidden: show").click()
    ann.locator(".more-replies").click()
    expect(ann.get_by_role("button", name=f"Hide {SIZE - 1} responses")).to_be_visible()


def test_editor_moderates_an_omitted_reply(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    numbers = a_branch(SIZE)
    signed_in(blog)
    server = serve(**CALM)
    ed = reader()
    sign_in(ed, server.url, "ed@example.org", "a sentence to remember")
    opened(ed, server, numbers[0]).locator(".more-replies").click()
    ed.locator(f"#comment-{numbers[100]}").get_by_role("link", name="Moderate").click()
    ed.locator(".verbs-place").get_by_role("button", name="Spam").click()
    expect(ed.locator(f"#comment-{numbers[100]}")).to_have_count(0)
    expect(ed.get_by_role("button", name="Undo")).to_be_visible()


def test_unread_count_includes_omitted_replies(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    numbers = a_branch(SIZE)
    server = serve(**CALM)
    ann = opened(reader(), server, numbers[0])
    ann.goto("about:blank")
    post = load_post(numbers[0])
    for number in range(LAST_REPLIES + 5):
        a_comment(post, f"New {number}.", db.session.get(Comment, numbers[0]))
    opened(ann, server, numbers[0])
    expect(ann.locator("#since")).to_contain_text(f"{LAST_REPLIES + 5} new since your last visit")
    expect(ann.locator(".response.new")).to_have_count(LAST_REPLIES)
    for _ in range(2):
        shown = ann.locator(".response").count()
        ann.locator(".more-replies").click()
        expect(ann.locator(".response")).not_to_have_count(shown)
    expect(ann.locator(".response.new")).to_have_count(LAST_REPLIES + 5)


@pytest.mark.parametrize("name", ["more replies", "Newest first"])
@pytest.mark.parametrize("status", [503, None])
def test_failed_page_turn_loads_the_plain_page(
    serve: Callable[..., Server], reader: Callable[..., Page], name: str, status: int | None
) -> None:
    numbers = a_branch(SIZE)
    ann = opened(reader(), serve(), numbers[0])
    away = {"status": 503, "body": "<p>Away.</p>", "content_type": "text/html"}
    ann.route("**/*?*", lambda route: route.fulfill(**away) if status else route.abort())
    ann.get_by_role("link", name=name).click()
    expect(ann).to_have_url(re.compile(r"/replies\?after|order=newest" if status else "chrome-error"))
