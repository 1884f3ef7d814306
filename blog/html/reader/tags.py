"""The few tags that a reader may type, told from angle brackets that mean something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import unescape

import re2
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from blog.html.urls import reader_address

TAG = re2.compile(r"(?is)<(/?)(a|b|br|code|em|i|s|strong|u)(\s.*|/)?>")
HREF = re2.compile(r"""(?i)\shref\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+)""")
LONGEST_ADDRESS = 2000


def read_tags(tokens: list[Token]) -> None:
    """Turn the raw tags in `tokens`, those of a whole text, into openings and closings, or else into text.

    An opening without its closing is text, and so is a link that leads nowhere: `List<B>` would lose its `<B>`.
    """
    waiting: defaultdict[str, list[tuple[Token, str]]] = defaultdict(list)
    for token in _raw_tags(tokens):
        closing, name, attributes = _read(token.content)
        token.type = "text"
        if name == "br" and not closing:
            token.type = "hardbreak"
        elif closing and waiting[name]:
            _pair(*waiting[name].pop(), token, name)
        elif name and not closing:
            waiting[name].append((token, attributes))


def _raw_tags(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from (child for child in token.children or () if child.type == "html_inline")


def _read(content: str) -> tuple[str, str, str]:
    found = TAG.fullmatch(content)
    return (found[1], found[2].lower(), found[3] or "") if found else ("", "", "")


def _pair(opening: Token, attributes: str, closing: Token, name: str) -> None:
    address = _address(attributes) if name == "a" else ""
    if address is None:
        return
    for token, nesting in ((opening, 1), (closing, -1)):
        token.type, token.tag, token.content = f"{name}_tag", name, ""
        token.nesting = 1 if nesting == 1 else -1
    if address:
        opening.attrs = {"href": address}


def _address(attributes: str) -> str | None:
    found = HREF.search(attributes)
    if not found or len(found[1]) > LONGEST_ADDRESS:
        return None
    address = reader_address(unescape(found[1].strip("\"'")))
    return address and reader_address(normalizeLink(address))
