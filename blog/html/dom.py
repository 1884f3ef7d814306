"""HTML as a tree that can be worked on, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import re2
from lxml import etree

from blog.html.invisible_characters import resolve_references, tidy
from blog.html.sanitize import POST_SHAPES, names

HEAD = re.compile(r"<head[\s>]", re.IGNORECASE)
HEAD_END = re2.compile(r"(?i)</head\s*>")
ROOTS = re2.compile(r"(?i)</?(?:html|body)\b[^<>]*>|<!doctype\b[^<>]*>")
TAGS = re2.compile(r"(?:<[^<>]*>)+")
MOST_ATTRIBUTES = 100
"""What has more of them in one tag was made to do harm: the parser and bleach take quadratic time for it."""

SHORT = 2_000
"""Characters that cannot hold so many attributes that it takes long."""

ATTRIBUTES = frozenset(name for _tag, name in POST_SHAPES)
UNREAD = names("script style template title head meta link base xml svg noembed noframes frameset")
"""Elements that say nothing to a person: they go with all that is in them."""


def parsed(html: str) -> etree._Element:
    """The `<body>` of `html`, a piece or a whole document, without comments, scripts and styles."""
    source = ROOTS.sub("", _without_head(resolve_references(tidy(html))))
    body = _body(source)
    if body is None:
        # What is nested thousands deep, or has a hundred attributes in a tag: the text is there without tags, too.
        return parsed(TAGS.sub(" ", source).replace("<", " "))
    etree.strip_elements(body, *UNREAD, with_tail=False)
    return body


def serialised(body: etree._Element) -> str:
    """The HTML of what is in `body`, without the attributes that are not allowed anywhere."""
    for element in body.iter(etree.Element):
        for name in list(element.attrib):
            if name not in ATTRIBUTES:
                del element.attrib[name]
        if element.tag == "li":
            # An empty item would lose its end tag, and take in what follows it.
            element.text = element.text or ""
    whole = etree.tostring(body, encoding="unicode", method="html", with_tail=False)
    return whole[whole.index(">") + 1 :].removesuffix("</body>")


class Counter:
    """Counts attributes while a parser reads, in linear time: it builds no tree."""

    def __init__(self) -> None:
        self.most = 0

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        self.most = max(self.most, len(attributes))

    def close(self) -> None:
        """End; the parser asks for it."""


def _body(source: str) -> etree._Element | None:
    """The tree of `source`; None where it is nested too deep, or a tag in it has too many attributes."""
    document = f"<html><body>{source}".encode()
    if len(source) > SHORT:
        counter: Any = Counter()
        etree.fromstring(document, etree.HTMLParser(encoding="utf-8", huge_tree=True, target=counter))
        if counter.most > MOST_ATTRIBUTES:
            return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(document, parser)
    too_deep = any("depth" in error.message for error in parser.error_log)
    return None if too_deep else root.find("body")


def _without_head(html: str) -> str:
    start, end = HEAD.search(html), HEAD_END.search(html)
    return html[: start.start()] + html[end.end() :] if start and end and start.end() <= end.start() else html
