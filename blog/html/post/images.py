"""Pictures in posts: those that a page may load stay, the others become links, trackers go."""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.dom import parsed
from blog.html.urls import link_address, picture_address

TRACKERS = re2.compile(
    r"(?i)//(?:[\w-]+\.)*(?:doubleclick\.net|feedburner\.com|feeds\.wordpress\.com|feedsportal\.com|pixel\.wp\.com"
    r"|quantserve\.com|stats\.wordpress\.com)/"
    r"|//blogger\.googleusercontent\.com/tracker/|/(?:blank|pbp|pixel|spacer)\.gif(?:\?|$)"
)
ICONS = re2.compile(r"(?i)//(?:[\w-]+\.)*blogblog\.com/")
GONE = "gone"
SCHEME = re2.compile(r"(?i)[a-z][a-z0-9+.-]*:")


def settle_pictures(body: etree._Element) -> list[str]:
    """Settle the pictures in `body`; the addresses of those that a page may not load, in their order."""
    insecure = []
    for picture in list(body.iter("img")):
        address, loadable = picture_address(picture.get("src", ""))
        if _tracks(picture, address):
            picture.tag = GONE
        elif loadable:
            _show(picture, address)
        else:
            _link(picture, address)
            insecure.append(address.partition(",")[0] if address.startswith("data:") else address)
    etree.strip_elements(body, GONE, with_tail=False)
    return [address for address in insecure if address]


def link_pictures(body: etree._Element) -> None:
    """Put a link in the place of every picture in `body` that is more than a tracker."""
    for picture in list(body.iter("img")):
        address, _ = picture_address(picture.get("src", ""))
        if _tracks(picture, address):
            picture.tag = GONE
        else:
            _link(picture, address)
    etree.strip_elements(body, GONE, with_tail=False)


def first_picture(html: str) -> str | None:
    """The address of the first picture in `html` that belongs to its content and that a page may load, for a thumbnail.

    It is https or root-relative; None where there is none.
    """
    for picture in parsed(html).iter("img"):
        address, loadable = picture_address(picture.get("src", ""))
        if loadable and not (address.startswith("data:") or ICONS.search(address) or _tracks(picture, address)):
            return address
    return None


def _tracks(picture: etree._Element, address: str) -> bool:
    tiny = any(picture.get(side, "").strip() in ("0", "1", "0px", "1px") for side in ("width", "height"))
    return tiny or bool(TRACKERS.search(address))


def _show(picture: etree._Element, address: str) -> None:
    picture.attrib.update({"src": address, "alt": picture.get("alt", ""), "loading": "lazy", "decoding": "async"})
    for side in ("width", "height"):
        picture.set(side, picture.get(side, "").strip())


def _link(picture: etree._Element, address: str) -> None:
    """A link in the picture's place, named by its alt text; within another link, after that one."""
    link = link_address(address)
    picture.text = picture.get("alt", "").strip() or (address if link or not SCHEME.match(address) else "")
    around = next(picture.iterancestors("a"), None)
    if link and around is None:
        picture.tag = "a"
        picture.set("href", link)
        picture.tail = f" {picture.tail or ''}"
        return
    picture.tag = "span" if picture.text else GONE
    if link and around is not None and link_address(around.get("href", "")) != link:
        around.addnext(_beside(link))


def _beside(link: str) -> etree._Element:
    span = etree.Element("span")
    span.text = " "
    etree.SubElement(span, "a", href=link).text = link
    return span
