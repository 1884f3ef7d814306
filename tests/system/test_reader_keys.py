"""Test the ways around a thread by keyboard, and the links to copy, in browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from blog.db import now
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.postgres.databases import on_sqlite
from tests.system.visits import change

pytestmark = on_sqlite


@pytest.mark.parametrize("scripts", [True, False])
def test_skip_link_leads_to_the_form(serve: Callable[..., Server], reader: Callable[..., Page], scripts: bool) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    page = reader(java_script_enabled=scripts)
    page.goto(serve().url + post.path)
    link = page.get_by_role("link", name="To the comment form")
    expect(link).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#comment-form")).to_be_focused()
    expect(page.locator("#comment-form")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your response")).to_be_focused()


def test_closed_thread_has_no_skip_link(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return", comments_closed_at=now())
    page = reader(java_script_enabled=False)
    page.goto(serve().url + post.path)
    expect(page.get_by_role("link", name="To the text")).to_have_count(1)
    expect(page.get_by_role("link", name="To the comment form")).to_have_count(0)


def test_link_of_a_response_is_copied(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "A reply.", parent=a_comment(post, "One."))
    server, page = serve(), reader(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server.url + post.path)
    actions = page.locator("#comment-1 .actions")
    link, fold = actions.locator(".copy-link"), actions.locator(".fold")
    expect(link).to_have_text("Copy link")
    expect(fold).to_be_visible()
    before = fold.bounding_box()
    link.click()
    expect(link).to_have_text("Copied")
    expect(page.locator("#announcement")).to_have_text("Link copied")
    address = page.evaluate("navigator.clipboard.readText()")
    assert fold.bounding_box() == before
    page.keyboard.press("Tab")
    expect(link).to_have_text("Copy link")
    page.goto(address)
    expect(page).to_have_url(f"{server.url}{post.path}#comment-1")


def test_link_is_followed_where_there_is_no_clipboard(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    server, page = serve(), reader()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });")
    page.goto(server.url + post.path)
    page.get_by_role("link", name="Copy link").click()
    expect(page).to_have_url(f"{server.url}{post.path}#comment-1")


def test_early_click_on_copy_link_is_not_lost(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    held: list[Route] = []
    page = reader(permissions=["clipboard-read", "clipboard-write"])
    page.route("**/js/copy_link.js", lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.goto(serve().url + post.path)
    link = page.locator(".copy-link")
    with page.expect_request("**/js/copy_link.js"):
        link.click()
    expect(link).to_be_focused()
    held[0].continue_()
    expect(link).to_have_text("Copied")


def test_copy_link_is_hidden_without_javascript(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    page = reader(java_script_enabled=False)
    page.goto(serve().url + post.path)
    expect(page.get_by_role("link", name="Reply")).to_be_visible()
    expect(page.get_by_role("link", name="Copy link")).to_have_count(0)


def test_keys_lead_from_response_to_response(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    first = a_comment(post, "One.")
    hidden = a_comment(post, "Buy now.", parent=first)
    a_comment(post, "Really?", parent=hidden)
    a_comment(post, "Two.")
    change(hidden, "hold", "links")
    page = open_keys(reader(), serve().url + post.path)
    expect(page.locator("#comment-2.hidden-response")).to_be_visible()
    for key, number in [("j", 1), ("j", 3), ("j", 4), ("j", 4), ("Control+k", 4), ("k", 3), ("k", 1), ("k", 1)]:
        page.keyboard.press(key)
        expect(page.locator(f"#comment-{number}")).to_be_focused()
    # from a link within the response too, and past a collapsed branch
    page.locator("#comment-1 .fold").click()
    expect(page.locator("#comment-3")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("#comment-4")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#comment-1")).to_be_focused()


def test_keys_are_typed_in_the_form(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    page = open_keys(reader(), serve().url + post.path)
    text = page.get_by_label("Your response")
    text.focus()
    page.keyboard.type("jk?")
    expect(text).to_have_value("jk?")
    expect(text).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_dialog_lists_the_keys(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    page = open_keys(reader(), serve().url + post.path)
    button, dialog = page.get_by_role("button", name="Keys"), page.get_by_role("dialog", name="Keys")
    button.click()
    expect(dialog).to_contain_text("next response")
    expect(dialog).to_contain_text("cancel a reply")
    page.keyboard.press("j")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#comment-1")).to_be_focused()


def test_keys_can_be_turned_off(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    a_comment(post, "One.")
    page = open_keys(reader(), serve().url + post.path)
    button, dialog = page.get_by_role("button", name="Keys"), page.get_by_role("dialog", name="Keys")
    button.click()
    dialog.get_by_label("Use these keys").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(button).to_be_focused()
    expect(dialog).to_be_hidden()
    open_keys(page, page.url)
    page.keyboard.press("j")
    expect(page.locator("#comment-1")).not_to_be_focused()
    button.click()
    expect(dialog.get_by_label("Use these keys")).not_to_be_checked()
    dialog.get_by_label("Use these keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#comment-1")).to_be_focused()


def test_there_are_no_keys_without_javascript(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Herons return")
    page = reader(java_script_enabled=False)
    page.goto(serve().url + post.path)
    expect(page.get_by_role("button", name="Post comment")).to_be_visible()
    expect(page.get_by_role("button", name="Keys")).to_have_count(0)


def open_keys(page: Page, url: str) -> Page:
    """Open a post, and wait until the keys act."""
    page.goto(url)
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    return page
