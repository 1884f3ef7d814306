"""Open feeds, and the page that explains them, in a browser."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from tests.factories import a_post
from tests.live_server import Server


def test_address_of_a_feed_is_copied(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    server, page = serve(), reader(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server.url + "/subscribe")
    button = page.get_by_role("button", name="Copy").first
    expect(button).to_have_accessible_description("All posts")
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/feeds/posts/default"
    expect(button).to_have_accessible_description("All posts")


def test_address_is_selected_where_there_is_no_clipboard(
    blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    server, page = serve(), reader()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });")
    page.goto(server.url + "/subscribe")
    page.get_by_role("button", name="Copy").nth(1).click()
    assert page.evaluate("String(getSelection())") == f"{server.url}/feeds/posts/default?alt=rss"


def test_page_needs_no_script(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    page = reader(java_script_enabled=False)
    page.goto(serve().url + "/subscribe")
    expect(page.get_by_label("All posts", exact=True)).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_feed_is_readable_in_a_browser(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    a_post("Herons return", standfirst="Soon.", body="<p>The text.</p>")
    server, page = serve(), reader()
    for query in ("", "?alt=rss"):
        page.goto(f"{server.url}/feeds/posts/default{query}")
        expect(page.get_by_text("Herons return", exact=True)).to_be_visible()
        expect(page.get_by_text("Soon.", exact=True)).to_be_visible()
        expect(page.get_by_text("tag:", exact=False).first).to_be_hidden()
        page.get_by_text("How that works").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Subscribe")
