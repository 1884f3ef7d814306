"""HTML as a tree that can be worked on, and back."""

from __future__ import annotations

import re

import re2
from lxml import etree

from blog.html.allowed import names
from blog.html.characters import resolve_references, tidy

HEAD = re.compile(r"<head[\s>]", re.IGNORECASE)
HEAD_END = re2.compile(r"(?i)</head\s*>")
ROOTS = re2.compile(r"(?i)</?(?:html|body)\b[^<>]*>|<!doctype\b[^<>]*>")
TAGS = re2.compile(r"(?:<[^<>]*>)+")
UNREAD = names("script style template title head meta link base xml svg noembed noframes frameset")
"""Elements that say nothing to a person: they go with all that is in them."""


def parsed(html: str) -> etree._Element:
    """The `<body>` of `html`, a piece or a whole document, without comments, scripts and styles."""
    source = ROOTS.sub("", _without_head(resolve_references(tidy(html))))
    body = _body(source)
    if body is None:
        # The parser gives up on what is nested thousands deep; the text is there without the tags, too.
        return parsed(TAGS.sub(" ", source).replace("<", " "))
    etree.strip_elements(body, *UNREAD, with_tail=False)
    return body


def serialised(body: etree._Element) -> str:
    """The HTML of what is in `body`."""
    for item in body.iter("li"):
        # An empty item would lose its end tag, and take in what follows it.
        item.text = item.text or ""
    whole = etree.tostring(body, encoding="unicode", method="html", with_tail=False)
    return whole[whole.index(">") + 1 :].removesuffix("</body>")


def _body(source: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(f"<html><body>{source}".encode(), parser)
    too_deep = any("depth" in error.message for error in parser.error_log)
    return None if too_deep else root.find("body")


def _without_head(html: str) -> str:
    start, end = HEAD.search(html), HEAD_END.search(html)
    return html[: start.start()] + html[end.end() :] if start and end and start.end() <= end.start() else html
