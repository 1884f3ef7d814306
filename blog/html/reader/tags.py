"""Find the few HTML tags that a reader may type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import unescape

import re2
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from blog.html.urls import normalize_reader_link

TAG = re2.compile(r"(?is)<(/?)(a|b|br|code|em|i|s|strong|u)(\s.*|/)?>")
HREF = re2.compile(r"""(?i)\shref\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+)""")
MAX_ADDRESS_LENGTH = 2000


def read_tags(tokens: list[Token]) -> None:
    """Turn raw tags into opening tokens, closing tokens or text.

    A tag without its closing is text, so that `List<B>` keeps its `<B>`. So is a link without a valid address.
    """
    open_tags: defaultdict[str, list[tuple[Token, str]]] = defaultdict(list)
    for token in _raw_tags(tokens):
        closing, name, attributes = _parse_tag(token.content)
        token.type = "text"
        if name == "br" and not closing:
            token.type = "hardbreak"
        elif closing and open_tags[name]:
            _pair_tags(*open_tags[name].pop(), token, name)
        elif name and not closing:
            open_tags[name].append((token, attributes))


def _raw_tags(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from (child for child in token.children or () if child.type == "html_inline")


def _parse_tag(content: str) -> tuple[str, str, str]:
    found = TAG.fullmatch(content)
    return (found[1], found[2].lower(), found[3] or "") if found else ("", "", "")


def _pair_tags(opening: Token, attributes: str, closing: Token, name: str) -> None:
    address = _link_address(attributes) if name == "a" else ""
    if address is None:
        return
    for token, nesting in ((opening, 1), (closing, -1)):
        token.type, token.tag, token.content = f"{name}_tag", name, ""
        token.nesting = 1 if nesting == 1 else -1
    if address:
        opening.attrs = {"href": address}


def _link_address(attributes: str) -> str | None:
    found = HREF.search(attributes)
    if not found or len(found[1]) > MAX_ADDRESS_LENGTH:
        return None
    address = normalize_reader_link(unescape(found[1].strip("\"'")))
    return address and normalize_reader_link(normalizeLink(address))
