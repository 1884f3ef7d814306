"""Test in browsers that pages work whatever the CDN of htmx does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.conftest import from_cdn
from tests.system.visits import following, sees, write

TITLE = "Herons return"
CDN = "https://cdn.jsdelivr.net/**"
HTMX = re.compile(r"/(htmx|hx-sse)[^/]*\.min\.js$")


def open_post(page: Page, address: str, answer: Callable[[Route], None]) -> list[str]:
    """Open a post whose CDN answers by `answer`; return the list of requests, which grows."""
    asked: list[str] = []
    page.context.unroute_all()
    page.context.route(CDN, answer)
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.goto(address, wait_until="domcontentloaded")
    return asked


def count(asked: list[str], pattern: str) -> int:
    return sum(re.search(pattern, one) is not None for one in asked)


def posts_once(page: Page, asked: list[str]) -> None:
    """Check that htmx sends one request for a press, and that one stream is open."""
    write(page, "Here.")
    sees(page, "Here.", f'1 Response to "{TITLE}"')
    assert count(asked, r"^POST .*/comments$") == 1
    assert count(asked, r"/comments/token$") == 1
    assert count(asked, r"/live\?since=") == 1


def test_cdn_answers(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post, server, page = a_post(TITLE), serve(), reader()
    asked = open_post(page, server.url + (post.path or ""), from_cdn)
    following(page)
    posts_once(page, asked)
    assert count(asked, r"/static/.*/vendor/") == 0


def test_cdn_refuses(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post, server, page = a_post(TITLE), serve(), reader()
    asked = open_post(page, server.url + (post.path or ""), lambda route: route.abort())
    following(page)
    posts_once(page, asked)
    assert count(asked, r"/static/.*/vendor/") == 2


@pytest.mark.parametrize("arrives", [True, False])
def test_cdn_hangs(serve: Callable[..., Server], reader: Callable[..., Page], arrives: bool) -> None:
    """The local copies run; those of the CDN do not run any more when they arrive."""
    post = a_post(TITLE)
    server, page = serve(), reader()
    held: list[Route] = []
    asked = open_post(page, server.url + (post.path or ""), lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.get_by_label("Your response").fill("Not lost.")
    following(page)
    page.evaluate("htmx.first = true")
    if arrives:
        for route in held:
            with page.expect_event("requestfinished", lambda request: "jsdelivr" in request.url):
                from_cdn(route)
    expect(page.get_by_label("Your response")).to_have_value("Not lost.")
    posts_once(page, asked)
    assert page.evaluate("htmx.first")
    assert page.locator("#live > div").count() == 1


def test_everything_but_live_updates_works_before_htmx(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    server, page = serve(), reader()
    held: list[Route] = []
    open_post(page, server.url + (post.path or ""), lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.context.route(HTMX, lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.locator(f"#comment-{first.id} a.reply").click()
    expect(page.locator(f"#thread-{first.id} #comment-form textarea")).to_be_focused()
    page.keyboard.type("A reply.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your response")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "A reply.", f'2 Responses to "{TITLE}"')
    expect(page.locator(f"#thread-{first.id} #comment-2")).to_be_visible()


def test_plain_link_is_followed_before_htmx(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    """The press that loads the module of reactions leads to the page for them."""
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    server, page = serve(), reader()
    held: list[Route] = []
    open_post(page, server.url + (post.path or ""), lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.context.route(HTMX, lambda route: held.append(route))  # noqa: PLW0108  Playwright wraps no builtin
    page.locator(f"#comment-{first.id} a.agree").click()
    expect(page).to_have_url(re.compile(rf"/comments/{first.id}/agreement/new$"))
