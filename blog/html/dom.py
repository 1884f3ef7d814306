"""Parse HTML into a tree of lxml elements and serialize it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import re2
from lxml import etree

from blog.html.invisible_characters import normalize_characters, resolve_references
from blog.html.sanitize import POST_ATTRIBUTES, split_names

HEAD = re.compile(r"<head[\s>]", re.IGNORECASE)
HEAD_END = re2.compile(r"(?i)</head\s*>")
ROOT_TAGS = re2.compile(r"(?i)</?(?:html|body)\b[^<>]*>|<!doctype\b[^<>]*>")
TAGS = re2.compile(r"(?:<[^<>]*>)+")
MAX_ATTRIBUTES = 100
"""Maximum attributes of one tag. The parser and bleach take quadratic time for more."""


ALLOWED_ATTRIBUTES = frozenset(name for _tag, name in POST_ATTRIBUTES)
DROPPED_ELEMENTS = split_names("script style template title head meta link base xml svg noembed noframes")
"""Elements without readable text: they are removed with their content."""


def parse_html(html: str, keep: Iterable[str] = ()) -> etree._Element:
    """Parse a fragment or document into a `<body>` element.

    Comments, scripts and styles are removed, but not those elements to `keep`.
    """
    source = ROOT_TAGS.sub("", _without_head(resolve_references(normalize_characters(html))))
    body = _parse_body(source)
    if body is None:
        # Too deep, or too many attributes in one tag: keep the text and drop the tags.
        return parse_html(TAGS.sub(" ", source).replace("<", " "))
    etree.strip_elements(body, *DROPPED_ELEMENTS.difference(keep), with_tail=False)
    return body


def serialize(body: etree._Element) -> str:
    """Return the inner HTML of `body`, without attributes never allowed."""
    for element in body.iter(etree.Element):
        for name in list(element.attrib):
            if name not in ALLOWED_ATTRIBUTES:
                del element.attrib[name]
        if element.tag == "li":
            # lxml omits the end tag of an empty item, and the next element would become its child.
            element.text = element.text or ""
    html = etree.tostring(body, encoding="unicode", method="html", with_tail=False)
    return html[html.index(">") + 1 :].removesuffix("</body>")


class AttributeCounter:
    """Count the attributes of each tag while parsing, without a tree."""

    def __init__(self) -> None:
        self.maximum = 0

    def start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        self.maximum = max(self.maximum, len(attributes))

    def close(self) -> None:
        """End parsing; required by lxml."""


def _parse_body(source: str) -> etree._Element | None:
    """Parse `source`; return None if too deep or too many attributes."""
    document = f"<html><body>{source}".encode()
    counter: Any = AttributeCounter()
    etree.fromstring(document, etree.HTMLParser(encoding="utf-8", huge_tree=True, target=counter))
    if counter.maximum > MAX_ATTRIBUTES:
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(document, parser)
    too_deep = any("depth" in error.message for error in parser.error_log)
    return None if too_deep else root.find("body")


def _without_head(html: str) -> str:
    start, end = HEAD.search(html), HEAD_END.search(html)
    return html[: start.start()] + html[end.end() :] if start and end and start.end() <= end.start() else html
