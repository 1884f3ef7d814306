"""Rewrite the images in posts.

Images that a page may load stay, trackers are removed, the others become links.
"""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.dom import parse_html
from blog.html.urls import normalize_image_address, normalize_post_link

TRACKERS = re2.compile(
    r"(?i)//(?:[\w-]+\.)*(?:doubleclick\.net|feedburner\.com|feeds\.wordpress\.com|feedsportal\.com|pixel\.wp\.com"
    r"|quantserve\.com|stats\.wordpress\.com)/"
    r"|//blogger\.googleusercontent\.com/tracker/|/(?:blank|pbp|pixel|spacer)\.gif(?:\?|$)"
)
ICONS = re2.compile(r"(?i)//(?:[\w-]+\.)*blogblog\.com/")
REMOVED_TAG = "gone"
SCHEME = re2.compile(r"(?i)[a-z][a-z0-9+.-]*:")


def rewrite_images(body: etree._Element) -> list[str]:
    """Rewrite the images in `body`; return the addresses not loadable."""
    insecure_addresses = []
    for image in list(body.iter("img")):
        address, loadable = normalize_image_address(image.get("src", ""))
        if _is_tracker(image, address):
            image.tag = REMOVED_TAG
        elif loadable:
            _keep_image(image, address)
        else:
            _replace_by_link(image, address)
            insecure_addresses.append(address.partition(",")[0] if address.startswith("data:") else address)
    etree.strip_elements(body, REMOVED_TAG, with_tail=False)
    return [address for address in insecure_addresses if address]


def link_images(body: etree._Element) -> None:
    """Replace every image in `body` by a link; remove trackers."""
    for image in list(body.iter("img")):
        address, _ = normalize_image_address(image.get("src", ""))
        if _is_tracker(image, address):
            image.tag = REMOVED_TAG
        else:
            _replace_by_link(image, address)
    etree.strip_elements(body, REMOVED_TAG, with_tail=False)


def first_image(html: str) -> str | None:
    """Return the address of the first loadable content image, or None.

    Used for thumbnails. The address is https or root-relative; icons, trackers and data: images are skipped.
    """
    for image in parse_html(html).iter("img"):
        address, loadable = normalize_image_address(image.get("src", ""))
        if loadable and not (address.startswith("data:") or ICONS.search(address) or _is_tracker(image, address)):
            return address
    return None


def _is_tracker(image: etree._Element, address: str) -> bool:
    tiny = any(image.get(side, "").strip() in ("0", "1", "0px", "1px") for side in ("width", "height"))
    return tiny or bool(TRACKERS.search(address))


def _keep_image(image: etree._Element, address: str) -> None:
    image.attrib.update({"src": address, "alt": image.get("alt", ""), "loading": "lazy", "decoding": "async"})
    for side in ("width", "height"):
        image.set(side, image.get(side, "").strip())


def _replace_by_link(image: etree._Element, address: str) -> None:
    """Replace an image by a link with its alternative text.

    Inside another link, the new one goes after that.
    """
    link = normalize_post_link(address)
    image.text = image.get("alt", "").strip() or (address if link or not SCHEME.match(address) else "")
    outer_link = next(image.iterancestors("a"), None)
    if link and outer_link is None:
        image.tag = "a"
        image.set("href", link)
        image.tail = f" {image.tail or ''}"
        return
    image.tag = "span" if image.text else REMOVED_TAG
    if link and outer_link is not None and normalize_post_link(outer_link.get("href", "")) != link:
        outer_link.addnext(_make_separate_link(link))


def _make_separate_link(link: str) -> etree._Element:
    span = etree.Element("span")
    span.text = " "
    etree.SubElement(span, "a", href=link).text = link
    return span
