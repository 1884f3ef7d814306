"""Try known XSS attacks on every sanitizer.

Two independent parsers check the results.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from lxml import html as lxml_html

from blog.html import comment_html, editor_html, imported_comment_html, post_html
from blog.html.sanitize import sanitize_comment
from tests.html.vectors import VECTORS

ANYWHERE = "class dir id lang title"
READER_ALLOWED = {
    **dict.fromkeys(("b", "blockquote", "br", "code", "em", "i", "li", "p", "pre", "s", "strong", "u", "ul"), ""),
    "a": "href rel",
    "ol": "start",
}
POST_TAGS = """a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure
h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub sup
table tbody td tfoot th thead tr u ul var wbr"""
POST_ATTRIBUTES = {
    "a": "href rel",
    "img": "alt decoding height loading src width",
    "li": "value",
    "ol": "start",
    "td": "colspan rowspan",
    "th": "colspan rowspan",
}
POST_ALLOWED = {tag: f"{ANYWHERE} {POST_ATTRIBUTES.get(tag, '')}" for tag in POST_TAGS.split()}
TAG = re.compile(r"""<(?:/[a-z][a-z0-9]*|[a-z][a-z0-9]*(?: [a-z]+="[^"<>]*")*)>""")
ADDRESS = re.compile(r"(?:https?://|mailto:|#|/(?![/\\]))[^\s\x00-\x20]*")
PICTURE = re.compile(r"(?:https://|/(?![/\\]))[^\s\x00-\x20]+|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")

Sanitizer = Callable[[str], str]
Attributes = list[tuple[str, str]]


def _post(text: str) -> str:
    return post_html(text, host="blog.example").html


SANITIZERS = {
    "reader": (comment_html, READER_ALLOWED),
    "imported": (imported_comment_html, READER_ALLOWED),
    "editor": (editor_html, POST_ALLOWED),
    "post": (_post, POST_ALLOWED),
}


class ParsedTags(HTMLParser):
    """Collect the tags that html.parser sees; raise on comments and declarations."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [(name, value or "") for name, value in attrs]))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def _read_by_lxml(html: str) -> Iterator[tuple[str, Attributes]]:
    for element in lxml_html.fragment_fromstring(html, create_parent="body").iterdescendants():
        assert isinstance(element.tag, str), "a comment or an instruction"
        yield element.tag, [(str(name), str(value)) for name, value in element.attrib.items()]


def violations(html: str, allowed: dict[str, str]) -> list[str]:
    """List all that is wrong with `html`; `allowed` names each tag's attributes."""
    found = ["a bracket outside of tags, or in a value"] if re.search("[<>]", TAG.sub("", html)) else []
    if re.search(r"<hx-|<head[\s>]", html, re.IGNORECASE):
        found.append("markup that htmx rewrites before parsing")
    for tag, attributes in (*ParsedTags(html).tags, *_read_by_lxml(html)):
        if tag not in allowed:
            found.append(f"<{tag}>")
        found += [
            f"<{tag} {name}={value!r}>" for name, value in attributes if not _is_allowed(tag, name, value, allowed)
        ]
    return found


def _is_allowed(tag: str, name: str, value: str, allowed: dict[str, str]) -> bool:
    patterns = {
        "href": ADDRESS,
        "src": PICTURE,
        "id": re.compile(r"post-(?!\d|a-comment$)[\w.:-]+"),
        "class": re.compile(r"(?:(?:align-(?:left|right|center)|float-(?:left|right)) ?)+"),
    }
    if allowed is READER_ALLOWED:
        patterns |= {"href": re.compile(r"(?:https?://|/(?![/\\]))[!-~]*"), "rel": re.compile("nofollow ugc noopener")}
    return name in allowed.get(tag, "").split() and (name not in patterns or bool(patterns[name].fullmatch(value)))


@pytest.mark.parametrize("sanitizer", SANITIZERS)
@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_sanitizers_remove_all_attacks(name: str, text: str, sanitizer: str) -> None:
    convert, allowed = SANITIZERS[sanitizer]
    assert violations(convert(text), allowed) == []


@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_sanitized_html_is_stable(name: str, text: str) -> None:
    assert sanitize_comment(comment_html(text)) == comment_html(text)
    assert _post(_post(text)) == _post(text)
    assert _post(editor_html(text)) == editor_html(text)


@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_readers_links_have_exactly_href_and_rel(name: str, text: str) -> None:
    for tag, attributes in ParsedTags(comment_html(text)).tags:
        assert tag != "a" or [attribute for attribute, _ in attributes] == ["href", "rel"]


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        '<p hx-get="/x">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="/\\evil.example">x</a>',
        '<a href="https://ok.example/<hx-partial >">x</a>',
        '<p id="responses">x</p>',
        '<p id="post-7">x</p>',
        '<p class="desk">x</p>',
        '<img alt="" src="http://insecure.example/x.png">',
        "a < b",
    ],
)
def test_the_checks_find_violations(html: str) -> None:
    assert violations(html, POST_ALLOWED)


def test_the_checks_find_comments() -> None:
    with pytest.raises(AssertionError):
        violations("<!-- x -->", POST_ALLOWED)


def test_there_are_at_least_200_distinct_vectors() -> None:
    assert len(VECTORS) == len({name for name, _ in VECTORS}) == len({text for _, text in VECTORS}) >= 200
