"""Check every page that tests fetch: valid HTML5, labels, ids, headers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from xml.etree.ElementTree import Element

from tinyhtml5 import inputstream
from tinyhtml5.parser import HTMLParser
from werkzeug.test import TestResponse

UNLABELLED_TYPES = {"hidden", "submit", "button"}
FRAGMENT_ERRORS = {
    "expected-doctype-but-got-start-tag",
    "expected-doctype-but-got-chars",
    "expected-doctype-but-got-eof",
}
# differs in pages that are otherwise the same
CSRF_TOKEN = re.compile(r'(?<=name="csrf_token" value=")[\w.-]+')


class PatternCache(dict[tuple[Collection[str], bool], re.Pattern[str]]):
    """Cache the patterns of tinyhtml5, which compiles them for each word."""

    def __missing__(self, key: tuple[Collection[str], bool]) -> re.Pattern[str]:
        characters, only = key
        self[key] = re.compile(f"[{'' if only else '^'}{''.join(map(re.escape, characters))}]+")
        return self[key]


inputstream.characters_until_regex = PatternCache()


def proofread(response: TestResponse, htmx: bool = False) -> None:
    """Check the headers of an answer and, for HTML, the page."""
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if response.headers.get("Cache-Control") != "no-store":
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")
    if response.mimetype == "text/html" and response.data and response.status_code not in range(300, 400):
        check_html(CSRF_TOKEN.sub("token", response.text), fragment=htmx)


@lru_cache(maxsize=500)
def check_html(html: str, *, fragment: bool) -> None:
    """Check that HTML is valid, as a page or a fragment."""
    parser = HTMLParser(namespace_html_elements=False)
    root = parser.parse(html)
    assert [error for error in parser.errors if not (fragment and error[1] in FRAGMENT_ERRORS)] == []
    elements = list(root.iter())
    ids = Counter(identity for element in elements if (identity := element.get("id")))
    assert [identity for identity, count in ids.items() if count > 1] == []
    for element in elements:
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")], element.attrib
        assert element.tag != "style"
        if element.get("type") == "application/ld+json":
            assert json.loads(element.text or "")["@context"] == "https://schema.org"
            assert not set("<>&\u2028\u2029") & set(element.text or "")
        else:
            assert element.tag != "script" or element.get("src")
    assert fields_without_label(elements) == []
    if not fragment:
        check_page(root, elements)


def check_page(root: Element, elements: list[Element]) -> None:
    count = Counter(element.tag for element in elements if isinstance(element.tag, str))
    assert count["h1"] == 1
    assert count["main"] == 1
    assert root.get("lang")
    title = root.find("head/title")
    assert title is not None
    assert (title.text or "").strip()
    for image in root.iter("img"):
        assert image.get("alt") is not None


def fields_without_label(elements: list[Element]) -> list[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label"}
    return [
        element.get("name") or ""
        for element in elements
        if element.tag in {"input", "textarea", "select"}
        and element.get("type") not in UNLABELLED_TYPES
        and element.get("id") not in labelled
        and not element.get("aria-label")
    ]
