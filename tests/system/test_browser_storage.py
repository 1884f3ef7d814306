"""Test that invalid values in browser storage break nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.postgres.databases import on_sqlite
from tests.system.visits import following, write

pytestmark = on_sqlite
CALM = {"RATELIMIT_ENABLED": "0"}

KEYS = ("talkback agreed", "talkback own", "talkback since", "talkback reader", "talkback desk", "talkback folded 1")
GARBAGE = (
    "null", "{}", "[]", "[1,{}]", '"x"', "7", "true", "{", "off", '{"1":null}', '{"1":"x"}', '{"1":[]}',
    '{"1":{"version":"x","count":{},"place":"/posts/1/comments","until":"later"}}', '{"name":{},"email":7}',
    '{"__proto__":{"x":1}}', "[[[]]]", "\u0000",
)  # fmt: skip

PLANT = """([keys, text]) => { for (const key of keys) for (const kept of [localStorage, sessionStorage]) {
  kept.setItem(key, text); } }"""
PLANT_DRAFTS = """(drafts) => new Promise((resolve) => {
  const request = indexedDB.open("talkback", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "slot" });
  request.onsuccess = () => {
    const transaction = request.result.transaction("drafts", "readwrite");
    for (const draft of drafts) transaction.objectStore("drafts").put(draft);
    transaction.oncomplete = () => { request.result.close(); resolve(); };
  };
})"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
FORBIDDEN = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
}
IDBFactory.prototype.open = () => { throw new DOMException("no", "SecurityError"); };
window.BroadcastChannel = class { constructor() { throw new DOMException("no", "SecurityError"); } };
LockManager.prototype.request = () => Promise.reject(new DOMException("no", "SecurityError"));
"""


@pytest.fixture
def post(blog: Flask) -> Post:
    post = a_post()
    a_comment(post, "Who answers?", a_comment(post, "The first.", reader_key="x"), reader_key="x")
    return post


def everything_works(page: Page, url: str, words: str) -> None:
    """Receive live events, agree, collapse, respond and edit, one after the other."""
    page.goto(url)
    following(page)
    agree = page.locator("#comment-1 .agree")
    pressed = agree.get_attribute("aria-pressed") == "true"
    agree.click()
    expect(agree).to_have_attribute("aria-pressed", str(not pressed).lower())
    page.locator("#thread-1 > article .fold").click()
    expect(page.locator("#comment-2")).to_be_hidden()
    page.locator("#thread-1 > article .fold").click()
    expect(page.locator("#comment-2")).to_be_visible()
    page.locator("#comment-1 .reply").click()
    write(page, words)
    mine = page.locator("#comment-1-replies article", has_text=words)
    expect(mine).to_be_focused()
    mine.get_by_role("link", name="Edit").click()
    expect(page.locator(".own-form textarea")).to_have_value(words)
    page.locator(".own-form .own-cancel").click()


def test_invalid_stored_values_break_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post
) -> None:
    server = serve(**CALM)
    ann = reader()
    url = server.url + (post.path or "")
    ann.goto(url)
    for number, text in enumerate(GARBAGE):
        ann.evaluate(PLANT, [KEYS, text])
        everything_works(ann, url, f"Number {number}.")
        ann.goto(server.url)
        expect(ann.locator(".entries .count")).to_be_visible()


def test_very_long_stored_values_break_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post
) -> None:
    ann = reader()
    url = serve(**CALM).url + (post.path or "")
    ann.goto(url)
    for key in KEYS:
        ann.evaluate("localStorage.clear() || sessionStorage.clear()")
        ann.evaluate(PLANT, [[key], json.dumps("x" * 4_000_000)])
        ann.goto(url)
        following(ann)
    everything_works(ann, url, "Under the weight.")


@pytest.mark.parametrize("fault", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_page_works_without_browser_storage(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post, fault: str
) -> None:
    ann = reader()
    ann.add_init_script(fault)
    everything_works(ann, serve(**CALM).url + (post.path or ""), "Kept nowhere.")
    a_comment(post, "Live all the same.")
    expect(ann.locator("#responses")).to_contain_text("Live all the same.")


def test_drafts_of_another_shape_are_ignored(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post
) -> None:
    ann = reader()
    url = serve(**CALM).url + (post.path or "")
    ann.goto(server_root(url))
    keep = str(post.id)
    broken = [
        {"slot": 1, "keep": keep, "body": "x", "at": 2e12},
        {"slot": "a", "keep": keep, "at": 2e12},
        {"slot": "b", "keep": keep, "body": {}, "at": 2e12},
        {"slot": "c", "keep": keep, "body": "x", "at": "now"},
        {"slot": "d", "keep": keep, "body": "x", "at": 2e12, "parent": {}, "name": []},
        {"slot": "e", "keep": keep, "body": "x" * 3_000_000, "at": 2e12},
    ]
    ann.evaluate(PLANT_DRAFTS, broken)
    ann.goto(url)
    following(ann)
    ann.locator("#body").fill("Half a thought")
    ann.reload()
    expect(ann.locator("#body")).to_have_value("Half a thought")
    expect(ann.locator(".kept-other")).to_be_hidden()


def server_root(url: str) -> str:
    return url.split("/", 3)[0] + "//" + url.split("/", 3)[2]


@pytest.mark.parametrize("hash", ["#%", "#%E0%A4%A", "#%%%", "##", "#", "#comment-", "#" + "%25" * 2000, "#[1,{}]"])
def test_any_fragment_leaves_collapsing_working(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post, hash: str
) -> None:
    ann = reader()
    ann.goto(serve(**CALM).url + (post.path or "") + hash)
    ann.locator("#thread-1 > article .fold").click()
    expect(ann.locator("#comment-2")).to_be_hidden()
    ann.evaluate("location.hash = '#%E0'")
    ann.evaluate("location.hash = '#comment-2'")
    expect(ann.locator("#comment-2")).to_be_visible()


def test_broadcasts_of_another_shape_are_ignored(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post
) -> None:
    ann = reader()
    url = serve(**CALM).url + (post.path or "")
    ann.goto(url)
    following(ann)
    other = ann.context.new_page()
    other.goto(url)
    sender = ann.context.new_page()
    sender.goto(server_root(url))
    for data in (
        None,
        "x",
        7,
        [],
        {},
        {"hello": "x"},
        {"hello": None},
        {"id": "x"},
        {"id": {}, "data": 7},
        {"data": {}},
    ):
        sender.evaluate("([name, data]) => new BroadcastChannel(name).postMessage(data)", [channel(post), data])
    a_comment(post, "After all that.")
    for page in (ann, other):
        page.bring_to_front()
        expect(page.locator("#responses")).to_contain_text("After all that.")


def channel(post: Post) -> str:
    return f"talkback /posts/{post.id}/live"


def test_events_of_another_release_break_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], post: Post
) -> None:
    ann = reader()
    url = serve(**CALM).url + (post.path or "")
    ann.goto(url)
    following(ann)
    for name in ("posted", "changed", "withdrawn", "reported", "turned", "answer", "counted", "placed"):
        for detail in (None, {}, {"id": "x", "comment": {}, "seconds": "soon"}):
            ann.evaluate(
                "([name, detail]) => document.dispatchEvent(new CustomEvent(`talkback:${name}`, { detail }))",
                [name, detail],
            )
    for html in ("", "<p>x</p>", "<li></li>", "<li class=response>x</li>", "<li class=response id=thread-9></li>"):
        for style in ("thread", "newer", "numbers", "replies"):
            ann.evaluate(
                """([html, swap]) => htmx.swap({ sourceElement: document.body, target: document.body, swap: "none",
                  text: `<hx-partial hx-target="#responses" hx-swap="${swap}">${html}</hx-partial>` })""",
                [html, style],
            )
    everything_works(ann, url, "After all that.")
