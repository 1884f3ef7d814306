"""Links and the marks that they lead to, in posts."""

from __future__ import annotations

import re
from urllib.parse import unquote

from lxml import etree

from blog.html.urls import link_address

PREFIX = "post-"
MORE = "post-more"
TAKEN = re.compile(r"\d|a-comment$")
"""Names that would make the ids of the page's own elements: post-7, post-7-count, post-a-comment."""

NOWHERE = re.compile(r"(?:#|about:|file:|https?://(?:www|draft)\.blogger\.com/)", re.IGNORECASE)
"""Where links to footnotes lead that were pasted into Blogger's editor; they mean the post itself."""

RELATIONS = frozenset(("nofollow", "sponsored", "ugc"))


def mark_of(name: str) -> str:
    """The id that stands in a post for an id or a name there; the same for one that stands already; "" for none."""
    name = re.sub(r"[^\w.:-]+", "-", name.strip()).removeprefix(PREFIX)
    if not name:
        return ""
    return f"{PREFIX}n{name}" if TAKEN.match(name) else f"{PREFIX}{name}"


def settle_marks(body: etree._Element) -> None:
    """Give each element with an id or a name in `body` an id of ours, and the first jump break a span of its own."""
    jumps = 0
    for element in list(body.iter(etree.Element)):
        name = element.attrib.pop("name", "")
        mark = mark_of(str(element.attrib.pop("id", "") or name))
        if mark == MORE:
            jumps += 1
            if jumps == 1:
                _mark_jump(element)
        elif mark:
            element.set("id", mark)


def settle_links(body: etree._Element, host: str) -> None:
    """Settle where the links in `body` lead; those that may lead nowhere are taken off, and their text stays."""
    known = {str(element.get("id")) for element in body.iter(etree.Element) if element.get("id")}
    for link in list(body.iter("a")):
        address = _address(link.get("href", ""), host, known)
        relations = [relation for relation in link.get("rel", "").lower().split() if relation in RELATIONS]
        link.set("href", address)
        link.set("rel", " ".join(relations))
        if not address and not link.get("id"):
            link.tag = "unlinked"


def _mark_jump(element: etree._Element) -> None:
    if element.tag == "span" and not len(element) and not element.text:
        element.set("id", MORE)
    else:
        # An <a name="more"> that is never closed goes around the rest of the post; its mark must not.
        element.addprevious(etree.Element("span", id=MORE))


def _address(raw: str, host: str, known: set[str]) -> str:
    mark = mark_of(unquote(raw.partition("#")[2]))
    if mark in known and NOWHERE.match(raw.lstrip()):
        return f"#{mark}"
    address = link_address(raw, host) or ""
    return (
        f"{address.removesuffix('#more')}#{MORE}" if address.startswith("/") and address.endswith("#more") else address
    )
