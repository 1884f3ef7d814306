"""Run tests in real browsers. They wait for what is visible, never for a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from blog.settings import ROOT
from blog.web.htmx import SCRIPTS
from tests.conftest import database_address

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# a machine that is busy with other tests takes longer over the same; no test waits longer than it must
expect.set_options(timeout=30_000)


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """What a browser sees rests on the database in a few places only: the tests of those name both."""
    yield from database_address(request)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of a new reader with an empty console. The CDN's address answers with the local file."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser(**options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.route("https://cdn.jsdelivr.net/**", from_cdn)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: complain(message.type, message.text, complaints))
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def complain(kind: str, text: str, complaints: list[str]) -> None:
    # a server that is down, a file that was tampered with, or a refusal with a status, is no fault of the page
    expected = ("Failed to load resource", "net::ERR_", "Failed to fetch", "network error", "'integrity' attribute")
    if kind in {"error", "warning"} and not any(part in text for part in expected):
        complaints.append(text)


def from_cdn(route: Route) -> None:
    here = {script.cdn_url: script.static_path for script in SCRIPTS}[route.request.url]
    route.fulfill(
        path=ROOT / "static" / here,
        content_type="text/javascript",
        headers={"Access-Control-Allow-Origin": "*"},
    )
