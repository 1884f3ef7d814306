"""Reads every page that a test fetches: parsed as HTML5 without an error, and right in what all pages share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from xml.etree.ElementTree import Element

from tinyhtml5 import inputstream
from tinyhtml5.parser import HTMLParser
from werkzeug.test import TestResponse

VOID_OF_LABEL = {"hidden", "submit", "button"}
HARMLESS = {"expected-doctype-but-got-start-tag", "expected-doctype-but-got-chars", "expected-doctype-but-got-eof"}


class Patterns(dict[tuple[Collection[str], bool], re.Pattern[str]]):
    """What tinyhtml5 reads up to, by characters; its own dict loses them, so that it makes them at each word."""

    def __missing__(self, key: tuple[Collection[str], bool]) -> re.Pattern[str]:
        characters, only = key
        self[key] = re.compile(f"[{'' if only else '^'}{''.join(map(re.escape, characters))}]+")
        return self[key]


inputstream.characters_until_regex = Patterns()


def proofread(response: TestResponse, htmx: bool = False) -> None:
    """Assert what holds of every answer, and of every HTML page."""
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if response.headers.get("Cache-Control") != "no-store":
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")
    if response.mimetype == "text/html" and response.data and response.status_code not in range(300, 400):
        read_page(response.text, fragment=htmx)


def read_page(html: str, *, fragment: bool) -> None:
    """Assert that a page is well made; of a fragment, what can be said of it alone."""
    parser = HTMLParser(namespace_html_elements=False)
    root = parser.parse(html)
    assert [error for error in parser.errors if not (fragment and error[1] in HARMLESS)] == []
    elements = list(root.iter())
    ids = Counter(identity for element in elements if (identity := element.get("id")))
    assert [identity for identity, count in ids.items() if count > 1] == []
    for element in elements:
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")], element.attrib
        assert element.tag != "style"
        assert element.tag != "script" or element.get("src")
    assert unlabelled(elements) == []
    if not fragment:
        read_whole(root, elements)


def read_whole(root: Element, elements: list[Element]) -> None:
    count = Counter(element.tag for element in elements if isinstance(element.tag, str))
    assert count["h1"] == 1
    assert count["main"] == 1
    assert root.get("lang")
    title = root.find("head/title")
    assert title is not None
    assert (title.text or "").strip()
    for image in root.iter("img"):
        assert image.get("alt") is not None


def unlabelled(elements: list[Element]) -> list[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label"}
    return [
        element.get("name") or ""
        for element in elements
        if element.tag in {"input", "textarea", "select"}
        and element.get("type") not in VOID_OF_LABEL
        and element.get("id") not in labelled
        and not element.get("aria-label")
    ]
