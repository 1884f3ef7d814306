"""Walk through the archive by keyboard, by pointer and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from playwright.sync_api import Page, expect

from tests.factories import a_post
from tests.live_server import Server


def fill(blog: Flask) -> None:
    for year, month, title in ((2026, 3, "The newest"), (2026, 1, "In January"), (2019, 7, "An old one")):
        a_post(title, published_at=datetime(year, month, 5, tzinfo=UTC), author_name="Ada", labels=("Birds",))


def test_tree_opens_by_keyboard_without_a_page_load(
    blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    fill(blog)
    server, page = serve(), reader()
    page.goto(f"{server.url}/")
    page.get_by_role("contentinfo").get_by_role("link", name="Archive").click()
    expect(page.locator("body")).not_to_have_attribute("hx-ignore", "")
    page.evaluate("globalThis.samePage = true")
    summary = page.locator("summary", has_text="2019")
    for _ in range(20):
        if summary.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("summary", has_text="July")).to_be_visible()
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="July")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="An old one")).to_be_visible()
    assert page.title() == "Archive · Talkback"
    assert page.evaluate("globalThis.samePage")
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="An old one")).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("An old one")


def test_each_part_is_loaded_once(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    fill(blog)
    server, page = serve(), reader()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{server.url}/archive")
    expect(page.locator("body")).not_to_have_attribute("hx-ignore", "")
    march = page.locator("summary", has_text="March")
    march.click()
    expect(page.get_by_role("link", name="The newest")).to_be_visible()
    march.click()
    expect(page.get_by_role("link", name="The newest")).to_be_hidden()
    march.click()
    expect(page.get_by_role("link", name="The newest")).to_be_visible()
    assert [url for url in requested if "/archive/" in url] == [f"{server.url}/archive/2026/03"]


def test_tree_works_without_javascript(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    fill(blog)
    server, page = serve(), reader(java_script_enabled=False)
    page.goto(f"{server.url}/archive")
    page.locator("summary", has_text="2019").click()
    page.get_by_role("link", name="Months of 2019").click()
    page.locator("summary", has_text="July").click()
    page.get_by_role("link", name="Posts of July 2019").click()
    page.get_by_role("link", name="An old one").click()
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Posts by Ada")
    expect(page.locator(".entry-title")).to_have_text(["The newest", "In January", "An old one"])
