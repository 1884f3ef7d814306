"""Rewrite links and anchors in posts."""

from __future__ import annotations

import re
from urllib.parse import unquote

from lxml import etree

from blog.html.urls import normalize_post_link

ID_PREFIX = "post-"
JUMP_BREAK_ID = "post-more"
RESERVED_IDS = re.compile(r"\d|a-comment$")
"""Names that collide with ids of the page itself: post-7, post-7-count, post-a-comment."""

EDITOR_LINK = re.compile(r"(?:#|about:|file:|https?://(?:www|draft)\.blogger\.com/)", re.IGNORECASE)
"""Prefixes of footnote links pasted into Blogger's editor; they mean the post itself."""

ALLOWED_RELATIONS = frozenset(("nofollow", "sponsored", "ugc"))


def make_anchor_id(name: str) -> str:
    """Return the prefixed id for a name in a post, or "".

    An id that has the prefix already is returned unchanged.
    """
    name = re.sub(r"[^\w.:-]+", "-", name.strip()).removeprefix(ID_PREFIX)
    if not name:
        return ""
    return f"{ID_PREFIX}n{name}" if RESERVED_IDS.match(name) else f"{ID_PREFIX}{name}"


def rewrite_anchors(body: etree._Element) -> None:
    """Prefix all ids and names in `body`; mark the first jump break."""
    jumps = 0
    for element in list(body.iter(etree.Element)):
        name = element.attrib.pop("name", "")
        anchor_id = make_anchor_id(str(element.attrib.pop("id", "") or name))
        if anchor_id == JUMP_BREAK_ID:
            jumps += 1
            if jumps == 1:
                _place_jump_break(element)
        elif anchor_id:
            element.set("id", anchor_id)


def rewrite_links(body: etree._Element, host: str) -> None:
    """Rewrite the links in `body`; one without a valid target becomes text."""
    anchor_ids = {str(element.get("id")) for element in body.iter(etree.Element) if element.get("id")}
    for link in list(body.iter("a")):
        address = _resolve_link(link.get("href", ""), host, anchor_ids)
        relations = [relation for relation in link.get("rel", "").lower().split() if relation in ALLOWED_RELATIONS]
        link.set("href", address)
        link.set("rel", " ".join(relations))
        if not address and not link.get("id"):
            link.tag = "unlinked"


def _place_jump_break(element: etree._Element) -> None:
    if element.tag == "span" and not len(element) and not element.text:
        element.set("id", JUMP_BREAK_ID)
    else:
        # An <a name="more"> that is never closed would enclose the rest of the post.
        element.addprevious(etree.Element("span", id=JUMP_BREAK_ID))


def _resolve_link(raw: str, host: str, anchor_ids: set[str]) -> str:
    anchor_id = make_anchor_id(unquote(raw.partition("#")[2]))
    if anchor_id in anchor_ids and EDITOR_LINK.match(raw.lstrip()):
        return f"#{anchor_id}"
    address = normalize_post_link(raw, host) or ""
    return (
        f"{address.removesuffix('#more')}#{JUMP_BREAK_ID}"
        if address.startswith("/") and address.endswith("#more")
        else address
    )
