"""Test the scripts that pages link, and the size of scripts."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from blog.web.htmx import SCRIPTS, with_imports
from blog.web.static_files import STATIC, asset
from tests.factories import a_post

MAX_LINES = 120
EAGER = ("thread", "live", "reply_form")


def test_scripts_are_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (STATIC / "js").rglob("*.js")}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_a_thread_loads_few_modules_at_once() -> None:
    entries = [f"js/{name}.js" for name in EAGER]
    library = {f"js/lib/{name}.js" for name in ("htmx", "loading", "page")}
    # keeps a text that is typed before the other modules have come
    assert set(with_imports(entries)) == {*entries, *library, "js/draft_loader.js"}


def test_pages_preload_all_that_their_modules_import(client: FlaskClient) -> None:
    pages = {
        a_post("Herons return").path: [*EAGER],
        "/": ["list", "live"],
        "/privacy": ["reader"],
    }
    for path, names in pages.items():
        page = client.get(path).text
        entries = [f"js/{name}.js" for name in names]
        assert re.findall(r'<script type="module" src="(.*?)"', page) == [asset(name) for name in entries]
        assert re.findall(r'rel="modulepreload" href="(.*?)"', page) == [asset(name) for name in with_imports(entries)]


def test_only_pages_that_use_htmx_load_it(client: FlaskClient) -> None:
    for path, uses in ((a_post("Herons return").path, True), ("/", True), ("/privacy", False)):
        page = client.get(path).text
        for script in SCRIPTS:
            assert (script.cdn_url in page) == uses, path
            assert (script.integrity in page) == uses, path
            assert (asset(script.static_path) in page) == uses, path
