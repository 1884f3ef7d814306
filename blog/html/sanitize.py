"""Sanitize HTML with bleach, by one of two allow-lists.

This is the only module that imports bleach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import re2
from bleach import html5lib_shim
from bleach.sanitizer import Cleaner

AttributePatterns = Mapping[tuple[str, str], Any]

REL = "nofollow ugc noopener"

ANYTHING = re.compile(r".*", re.DOTALL)
NUMBER = re.compile(r"\d{1,5}")
READER_LINK = re.compile(r"(?:https?://|/(?![/\\]))\S*|/")
POST_LINK = re.compile(r"(?:https?://|mailto:|#|/(?![/\\]))\S*|/")
IMAGE_SOURCE = re.compile(r"(?:https://|/(?![/\\]))\S+|data:image/(?:png|jpeg|gif|webp);base64,[\w+/=%]*")


def split_names(text: str) -> frozenset[str]:
    """Return the names in a blank-separated list."""
    return frozenset(text.split())


READER_TAGS = split_names("a b blockquote br code em i li ol p pre s strong u ul")
READER_ATTRIBUTES: AttributePatterns = {
    ("a", "href"): READER_LINK,
    ("a", "rel"): re.compile(re.escape(REL)),
    ("li", "value"): NUMBER,
    ("ol", "start"): NUMBER,
}

POST_TAGS = READER_TAGS | split_names(
    """abbr caption cite col colgroup dd del dfn div dl dt figcaption figure h2 h3 h4 h5 h6 hr img ins kbd mark q rp rt
    ruby samp small span sub sup table tbody td tfoot th thead tr var wbr"""
)
POST_ATTRIBUTES: AttributePatterns = {
    ("*", "class"): re.compile(
        "align-(?:left|right|center)(?: float-(?:left|right))?|float-(?:left|right)|picture-link"
    ),
    ("*", "dir"): re.compile("ltr|rtl|auto"),
    ("*", "id"): re.compile(r"post-[\w.:-]+"),
    ("*", "lang"): re.compile(r"[A-Za-z0-9-]{2,35}"),
    ("*", "title"): ANYTHING,
    ("a", "href"): POST_LINK,
    ("a", "rel"): re2.compile(r"(?:(?:nofollow|sponsored|ugc)\b ?)+"),
    ("img", "alt"): ANYTHING,
    ("img", "decoding"): re.compile("async"),
    ("img", "height"): NUMBER,
    ("img", "loading"): re.compile("lazy"),
    ("img", "src"): IMAGE_SOURCE,
    ("img", "width"): NUMBER,
    ("li", "value"): NUMBER,
    ("ol", "start"): NUMBER,
    ("td", "colspan"): NUMBER,
    ("td", "rowspan"): NUMBER,
    ("th", "colspan"): NUMBER,
    ("th", "rowspan"): NUMBER,
}


def sanitize_comment(html: str) -> str:
    """Sanitize HTML made from a reader's text; other tags become text."""
    return _make_cleaner(READER_TAGS, READER_ATTRIBUTES, ("http", "https"), strip=False).clean(html)


def sanitize_imported_comment(html: str) -> str:
    """Sanitize the HTML of an imported comment; other tags are removed."""
    return _make_cleaner(READER_TAGS, READER_ATTRIBUTES, ("http", "https"), strip=True).clean(html)


def sanitize_post(html: str) -> str:
    """Sanitize the HTML of a post; other tags are removed."""
    return _make_cleaner(POST_TAGS, POST_ATTRIBUTES, ("http", "https", "mailto", "data"), strip=True).clean(html)


def _make_cleaner(tags: frozenset[str], patterns: AttributePatterns, protocols: Iterable[str], strip: bool) -> Cleaner:
    # A Cleaner is not thread-safe, so each call makes its own.
    cleaner = Cleaner(tags=tags, attributes=_make_attribute_filter(patterns), protocols=protocols, strip=strip)
    cleaner.walker = LinearTreeWalker  # type: ignore[assignment]
    cleaner.serializer.alphabetical_attributes = True
    # In a value with single quotes bleach escapes & twice.
    cleaner.serializer.use_best_quote_char = False
    return cleaner


class LinearTreeWalker(html5lib_shim.getTreeWalker("etree")):  # type: ignore[misc]
    """Walk a tree like bleach, remembering each parent's index among its siblings.

    Bleach searches for the index again at each closing tag, which is quadratic in the number of siblings.
    """

    def __init__(self, tree: Any) -> None:
        super().__init__(tree)
        self._indexes: list[int | None] = []

    def getFirstChild(self, node: Any) -> Any:  # noqa: N802
        return self._push_index(node, super().getFirstChild(node))

    def getNextSibling(self, node: Any) -> Any:  # noqa: N802
        return (
            self._push_index(node, super().getNextSibling(node)) if node[3] == "text" else super().getNextSibling(node)
        )

    def getParentNode(self, node: Any) -> Any:  # noqa: N802
        _element, _index, parents, part = node
        if part == "text":
            return super().getParentNode(node)
        parent, index = parents.pop(), self._indexes.pop()
        return (parent, index, parents, None) if parents else parent

    def _push_index(self, node: Any, child: Any) -> Any:
        if child and child[3] is None:
            self._indexes.append(node[1] if isinstance(node, tuple) else None)
        return child


def _make_attribute_filter(patterns: AttributePatterns) -> Callable[[str, str, str], bool]:
    """Return a filter that keeps attributes whose whole value matches their pattern."""

    def is_allowed(tag: str, name: str, value: str) -> bool:
        pattern = patterns.get((tag, name)) or patterns.get(("*", name))
        return bool(pattern and pattern.fullmatch(value))

    return is_allowed
