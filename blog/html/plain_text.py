"""HTML back into text: for search, feeds, titles and teasers."""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.dom import parsed
from blog.html.sanitize import names

INLINE = names(
    """a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q rp rt ruby s samp small span strike strong sub
    sup tt u var wbr"""
)
PICTURE_FILE = re2.compile(r"(?i)\S+\.(?:jpe?g|png|gif|webp|bmp|tiff?)")
BREAK_AFTER = " ,;:.–—-"  # noqa: RUF001
"""What no teaser should end with before its ellipsis."""


def plain_text(html: str) -> str:
    """The text of `html`, cleaned or not, on one line: no tags, no scripts, white space folded."""
    return _text(parsed(html))


def excerpt(html: str, length: int = 240) -> str:
    """The beginning of the text of `html`, at most `length` characters, cut after a word and ended by "…".

    Pictures, their captions and the bare addresses of pictures are left out, where there is anything else.
    """
    body = parsed(html)
    pictures = [*body.iter("figure"), *(link for link in body.iter("a") if PICTURE_FILE.fullmatch(link.text or ""))]
    for picture in pictures:
        picture.tag = "picture"
    return shortened(_text(body, "picture") or plain_text(html), length)


def _text(body: etree._Element, *left_out: str) -> str:
    for element in body.iter(etree.Element):
        if element.tag not in INLINE:
            element.text = f" {element.text or ''}"
            element.tail = f" {element.tail or ''}"
    etree.strip_elements(body, "iframe", *left_out, with_tail=False)
    return " ".join("".join(map(str, body.itertext())).split())


def shortened(text: str, length: int) -> str:
    """At most `length` characters of `text`, cut after a word and ended by “…”."""
    if len(text) <= length:
        return text
    start = text[:length]
    words, blank, _ = start.rpartition(" ")
    # Languages without blanks, and addresses, have no word to cut after.
    kept = words if blank and len(words) >= length // 2 else start[:-1]
    return kept.rstrip(BREAK_AFTER) + "…"
