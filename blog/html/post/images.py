"""Rewrite the images in posts.

Images that a page may load stay, trackers are removed, the others become links.
"""

from __future__ import annotations

from collections import defaultdict

import re2
from lxml import etree

from blog.html.dom import parse_html
from blog.html.urls import host_of, normalize_image_address, normalize_post_link

TRACKERS = re2.compile(
    r"(?i)//(?:[\w-]+\.)*(?:doubleclick\.net|feedburner\.com|feeds\.wordpress\.com|feedsportal\.com|pixel\.wp\.com"
    r"|quantserve\.com|stats\.wordpress\.com)/"
    r"|//blogger\.googleusercontent\.com/tracker/|/(?:blank|pbp|pixel|spacer)\.gif(?:\?|$)"
)
ICONS = re2.compile(r"(?i)//(?:[\w-]+\.)*blogblog\.com/")
PICTURE_TEXT = "Picture at %(host)s"
PICTURE_LINK = "picture-link"
"""Class of a link whose text stands for a picture without words: excerpts leave it out."""
REMOVED_TAG = "gone"
IMAGE_FILE = re2.compile(r"(?i)[^?#]+\.(?:jpe?g|png|gif|webp|bmp|tiff?)(?:[?#].*)?")
SCHEME = re2.compile(r"(?i)[a-z][a-z0-9+.-]*:")


def rewrite_images(body: etree._Element, picture_text: str = PICTURE_TEXT) -> list[str]:
    """Rewrite the images in `body`; return the addresses not loadable.

    Their links do not float, and neither does what surrounded the image only.
    """
    insecure_addresses, replaced = [], []
    for image in list(body.iter("img")):
        address, loadable = normalize_image_address(image.get("src", ""))
        if _is_tracker(image, address):
            image.tag = REMOVED_TAG
        elif loadable:
            _keep_image(image, address)
        else:
            replaced += _replace_by_link(image, address, picture_text)
            insecure_addresses.append(address.partition(",")[0] if address.startswith("data:") else address)
    etree.strip_elements(body, REMOVED_TAG, with_tail=False)
    if replaced:
        _unfloat_wrappers(body, set(replaced))
    return [address for address in insecure_addresses if address]


def link_images(body: etree._Element, picture_text: str = PICTURE_TEXT) -> None:
    """Replace every image in `body` by a link; remove trackers."""
    for image in list(body.iter("img")):
        address, _ = normalize_image_address(image.get("src", ""))
        if _is_tracker(image, address):
            image.tag = REMOVED_TAG
        else:
            _replace_by_link(image, address, picture_text)
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


def _replace_by_link(image: etree._Element, address: str, picture_text: str) -> list[etree._Element]:
    """Replace an image by a link with its alternative text, else its host.

    Inside another link, the new one goes after that, unless both are on one host: that is a larger copy. Return the
    new elements.
    """
    link, alternative = normalize_post_link(address), image.get("alt", "").strip()
    text = _describe(link, picture_text) if link else "" if SCHEME.match(address) else address
    image.text = alternative or text
    image.attrib.pop("class", "")
    if link and not alternative:
        image.set("class", PICTURE_LINK)
    outer_link = next(image.iterancestors("a"), None)
    if link and outer_link is None:
        image.tag = "a"
        image.set("href", link)
        image.tail = f" {image.tail or ''}"
        return [image]
    image.tag = "span" if image.text else REMOVED_TAG
    if link and outer_link is not None and not _is_copy(normalize_post_link(outer_link.get("href", "")), link):
        separate = _make_separate_link(link, text)
        outer_link.addnext(separate)
        return [image, separate]
    return [image]


def _describe(link: str, picture_text: str) -> str:
    host = host_of(link)
    return picture_text % {"host": host} if host else link


def _is_copy(outer: str | None, link: str) -> bool:
    return outer == link or bool(outer and IMAGE_FILE.fullmatch(outer) and host_of(outer) == host_of(link))


def _make_separate_link(link: str, text: str) -> etree._Element:
    span = etree.Element("span")
    span.text = " "
    etree.SubElement(span, "a", {"href": link, "class": PICTURE_LINK}).text = text
    return span


def _unfloat_wrappers(body: etree._Element, replaced: set[etree._Element]) -> None:
    """Let no element float whose whole text stands for a picture, or that is its figure."""
    # by element, how much text is in it, how much of that stands for pictures, and how many pictures are left
    sums: defaultdict[etree._Element, list[int]] = defaultdict(lambda: [0, 0, 0])
    for element in reversed(list(body.iterdescendants(etree.Element))):
        total = sums[element]
        total[0] += len((element.text or "").strip())
        total[1] = total[0] if element in replaced else total[1]
        total[2] += element.tag == "img"
        text, linked, pictures = total
        if linked and not pictures and (text == linked or element.tag == "figure"):
            classes = [name for name in element.get("class", "").split() if not name.startswith("float-")]
            element.set("class", " ".join(classes))
        if (parent := element.getparent()) is not None:
            above = sums[parent]
            above[0] += text + len((element.tail or "").strip())
            above[1], above[2] = above[1] + linked, above[2] + pictures
