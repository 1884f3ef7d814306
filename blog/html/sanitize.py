"""The two allow-lists, and bleach, which has the last word on all HTML that is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import re2
from bleach import html5lib_shim
from bleach.sanitizer import Cleaner

Shapes = Mapping[tuple[str, str], Any]

REL = "nofollow ugc noopener"

ANYTHING = re.compile(r".*", re.DOTALL)
NUMBER = re.compile(r"\d{1,5}")
WEB_OR_HERE = re.compile(r"(?:https?://|/(?![/\\]))\S*|/")
LINK = re.compile(r"(?:https?://|mailto:|#|/(?![/\\]))\S*|/")
PICTURE = re.compile(r"(?:https://|/(?![/\\]))\S+|data:image/(?:png|jpeg|gif|webp);base64,[\w+/=%]*")


def names(listed: str) -> frozenset[str]:
    """The names in a list that is easy on the eye."""
    return frozenset(listed.split())


READER_TAGS = names("a b blockquote br code em i li ol p pre s strong u ul")
READER_SHAPES: Shapes = {
    ("a", "href"): WEB_OR_HERE,
    ("a", "rel"): re.compile(re.escape(REL)),
    ("ol", "start"): NUMBER,
}

POST_TAGS = READER_TAGS | names(
    """abbr caption cite col colgroup dd del dfn div dl dt figcaption figure h2 h3 h4 h5 h6 hr img ins kbd mark q rp rt
    ruby samp small span sub sup table tbody td tfoot th thead tr var wbr"""
)
POST_SHAPES: Shapes = {
    ("*", "class"): re.compile("align-(?:left|right|center)(?: float-(?:left|right))?|float-(?:left|right)"),
    ("*", "dir"): re.compile("ltr|rtl|auto"),
    ("*", "id"): re.compile(r"post-[\w.:-]+"),
    ("*", "lang"): re.compile(r"[A-Za-z0-9-]{2,35}"),
    ("*", "title"): ANYTHING,
    ("a", "href"): LINK,
    ("a", "rel"): re2.compile(r"(?:(?:nofollow|sponsored|ugc)\b ?)+"),
    ("img", "alt"): ANYTHING,
    ("img", "decoding"): re.compile("async"),
    ("img", "height"): NUMBER,
    ("img", "loading"): re.compile("lazy"),
    ("img", "src"): PICTURE,
    ("img", "width"): NUMBER,
    ("li", "value"): NUMBER,
    ("ol", "start"): NUMBER,
    ("td", "colspan"): NUMBER,
    ("td", "rowspan"): NUMBER,
    ("th", "colspan"): NUMBER,
    ("th", "rowspan"): NUMBER,
}


def reader_last_word(html: str) -> str:
    """`html`, made from a reader's text, with whatever is not allowed there turned into text."""
    return _cleaner(READER_TAGS, READER_SHAPES, ("http", "https"), strip=False).clean(html)


def imported_last_word(html: str) -> str:
    """`html` of an imported comment with the tags that are not allowed in the thread taken off."""
    return _cleaner(READER_TAGS, READER_SHAPES, ("http", "https"), strip=True).clean(html)


def post_last_word(html: str) -> str:
    """`html` of an editor's or an imported post with the tags that are not allowed there taken off."""
    return _cleaner(POST_TAGS, POST_SHAPES, ("http", "https", "mailto", "data"), strip=True).clean(html)


def _cleaner(tags: frozenset[str], shapes: Shapes, protocols: Iterable[str], strip: bool) -> Cleaner:
    # One Cleaner for all would mix the texts of threads, so each call makes its own.
    cleaner = Cleaner(tags=tags, attributes=_judge(shapes), protocols=protocols, strip=strip)
    cleaner.walker = Walker  # type: ignore[assignment]
    cleaner.serializer.alphabetical_attributes = True
    # With a value in single quotes bleach escapes its & twice.
    cleaner.serializer.use_best_quote_char = False
    return cleaner


class Walker(html5lib_shim.getTreeWalker("etree")):  # type: ignore[misc]
    """Bleach's way through a tree, with each element's place among its siblings kept while it is within it.

    Bleach's own looks for the place once more at each closing tag, which is quadratic in the number of siblings.
    """

    def __init__(self, tree: Any) -> None:
        super().__init__(tree)
        self._places: list[int | None] = []

    def getFirstChild(self, node: Any) -> Any:  # noqa: N802
        return self._noted(node, super().getFirstChild(node))

    def getNextSibling(self, node: Any) -> Any:  # noqa: N802
        return self._noted(node, super().getNextSibling(node)) if node[3] == "text" else super().getNextSibling(node)

    def getParentNode(self, node: Any) -> Any:  # noqa: N802
        _element, _place, parents, part = node
        if part == "text":
            return super().getParentNode(node)
        parent, place = parents.pop(), self._places.pop()
        return (parent, place, parents, None) if parents else parent

    def _noted(self, node: Any, below: Any) -> Any:
        if below and below[3] is None:
            self._places.append(node[1] if isinstance(node, tuple) else None)
        return below


def _judge(shapes: Shapes) -> Callable[[str, str, str], bool]:
    """Which attributes stay: those of which the whole value has the shape that is listed for the tag or for all."""

    def judge(tag: str, name: str, value: str) -> bool:
        shape = shapes.get((tag, name)) or shapes.get(("*", name))
        return bool(shape and shape.fullmatch(value))

    return judge
