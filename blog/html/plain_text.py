"""Extract plain text and excerpts from HTML."""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.dom import parse_html
from blog.html.sanitize import split_names

INLINE_TAGS = split_names(
    """a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q rp rt ruby s samp small span strike strong sub
    sup tt u var wbr"""
)
IMAGE_FILE = re2.compile(r"(?i)\S+\.(?:jpe?g|png|gif|webp|bmp|tiff?)")
TRIMMED_BEFORE_ELLIPSIS = " ,;:.–—-"
"""Characters removed from the end of an excerpt before its ellipsis."""


def plain_text(html: str) -> str:
    """Return the text of HTML on one line, white space collapsed."""
    return _extract_text(parse_html(html))


def excerpt(html: str, length: int = 240) -> str:
    """Return at most `length` characters of text, cut after a word.

    Images, their captions and the links for images are left out unless there is nothing else. A cut text ends with "…".
    """
    body = parse_html(html)
    links = (link for link in body.iter("a", "span") if link.get("class") == "picture-link" or _names_file(link))
    images = [*body.iter("figure"), *links]
    for image in images:
        image.tag = "picture"
    return shorten(_extract_text(body, "picture") or plain_text(html), length)


def _names_file(link: etree._Element) -> bool:
    return link.tag == "a" and bool(IMAGE_FILE.fullmatch(link.text or ""))


def _extract_text(body: etree._Element, *excluded_tags: str) -> str:
    for element in body.iter(etree.Element):
        if element.tag not in INLINE_TAGS:
            element.text = f" {element.text or ''}"
            element.tail = f" {element.tail or ''}"
    etree.strip_elements(body, "iframe", *excluded_tags, with_tail=False)
    return " ".join("".join(map(str, body.itertext())).split())


def shorten(text: str, length: int) -> str:
    """Cut `text` to `length` characters, after a word, and append "…"."""
    if len(text) <= length:
        return text
    start = text[:length]
    words, blank, _ = start.rpartition(" ")
    # Addresses and languages written without spaces have no word to cut after.
    shortened = words if blank and len(words) >= length // 2 else start[:-1]
    return shortened.rstrip(TRIMMED_BEFORE_ELLIPSIS) + "…"
