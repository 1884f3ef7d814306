"""Every known way in, tried on every cleaner, and the output read by two parsers that know nothing of the cleaners."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from lxml import html as lxml_html

from blog.html import comment_html, editor_html, imported_comment_html, post_html
from blog.html.sanitize import reader_last_word
from tests.html.vectors import VECTORS

ANYWHERE = "class dir id lang title"
READER = {
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
POST = {tag: f"{ANYWHERE} {POST_ATTRIBUTES.get(tag, '')}" for tag in POST_TAGS.split()}
TAG = re.compile(r"""<(?:/[a-z][a-z0-9]*|[a-z][a-z0-9]*(?: [a-z]+="[^"<>]*")*)>""")
ADDRESS = re.compile(r"(?:https?://|mailto:|#|/(?![/\\]))[^\s\x00-\x20]*")
PICTURE = re.compile(r"(?:https://|/(?![/\\]))[^\s\x00-\x20]+|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")

Cleaner = Callable[[str], str]
Attributes = list[tuple[str, str]]


def _post(text: str) -> str:
    return post_html(text, host="blog.example").html


CLEANERS = {
    "reader": (comment_html, READER),
    "imported": (imported_comment_html, READER),
    "editor": (editor_html, POST),
    "post": (_post, POST),
}


class Events(HTMLParser):
    """What the parser of the standard library sees, or an error where it sees more than tags and text."""

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


def objections(html: str, allowed: dict[str, str]) -> list[str]:
    """All that is wrong with `html`, where `allowed` names the attributes of each tag that may stand in it."""
    found = ["a bracket outside of tags, or in a value"] if re.search("[<>]", TAG.sub("", html)) else []
    if re.search(r"<hx-|<head[\s>]", html, re.IGNORECASE):
        found.append("what htmx rewrites before it parses")
    for tag, attributes in (*Events(html).tags, *_read_by_lxml(html)):
        if tag not in allowed:
            found.append(f"<{tag}>")
        found += [f"<{tag} {name}={value!r}>" for name, value in attributes if not _fits(tag, name, value, allowed)]
    return found


def _fits(tag: str, name: str, value: str, allowed: dict[str, str]) -> bool:
    shapes = {
        "href": ADDRESS,
        "src": PICTURE,
        "id": re.compile(r"post-(?!\d|a-comment$)[\w.:-]+"),
        "class": re.compile(r"(?:(?:align-(?:left|right|center)|float-(?:left|right)) ?)+"),
    }
    if allowed is READER:
        shapes |= {"href": re.compile(r"(?:https?://|/(?![/\\]))[!-~]*"), "rel": re.compile("nofollow ugc noopener")}
    return name in allowed.get(tag, "").split() and (name not in shapes or bool(shapes[name].fullmatch(value)))


@pytest.mark.parametrize("cleaner", CLEANERS)
@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_nothing_gets_through(name: str, text: str, cleaner: str) -> None:
    clean, allowed = CLEANERS[cleaner]
    assert objections(clean(text), allowed) == []


@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_what_is_clean_stays_as_it_is_when_it_is_parsed_again(name: str, text: str) -> None:
    assert reader_last_word(comment_html(text)) == comment_html(text)
    assert _post(_post(text)) == _post(text)
    assert _post(editor_html(text)) == editor_html(text)


@pytest.mark.parametrize(("name", "text"), VECTORS, ids=[name for name, _ in VECTORS])
def test_a_link_of_a_reader_has_its_address_and_its_relation(name: str, text: str) -> None:
    for tag, attributes in Events(comment_html(text)).tags:
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
def test_the_checks_object_to_what_is_wrong(html: str) -> None:
    assert objections(html, POST)


def test_the_checks_object_to_comments() -> None:
    with pytest.raises(AssertionError):
        objections("<!-- x -->", POST)


def test_there_are_many_different_vectors() -> None:
    assert len(VECTORS) == len({name for name, _ in VECTORS}) == len({text for _, text in VECTORS}) >= 200
