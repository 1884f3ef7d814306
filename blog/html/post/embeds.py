"""Replace players, frames, scripts and forms in imported HTML by links."""

from __future__ import annotations

from collections.abc import Iterator

import re2
from lxml import etree

from blog.html.urls import host_of, normalize_post_link

EMBED_TAGS = ("applet", "audio", "bgsound", "embed", "frame", "iframe", "object", "video")
PROGRAM_TAGS = ("canvas", "form", "script", "svg")
WITHOUT_FALLBACK = frozenset(("frame", "iframe", "script", "svg"))
SOURCE_TAGS = ("audio", "embed", "iframe", "object", "source", "video")
MOVIE_PARAMETERS = frozenset(("movie", "src", "url", "filename"))
DATA_ADDRESSES = ("data-instgrm-permalink", "data-href")
"""Attributes that scripts read: an empty element has its address there."""

HELPERS = re2.compile(
    r"(?i)//(?:[\w-]+\.)*(?:addthis\.com|amazon-adsystem\.com|amazonaws\.com/downloads\.mailchimp\.com/js"
    r"|apis\.google\.com|assets\.pinterest\.com|cdn\.jsdelivr\.net|cdnjs\.cloudflare\.com|code\.jquery\.com"
    r"|connect\.facebook\.net|doubleclick\.net|embedr\.flickr\.com|google-analytics\.com|googleapis\.com"
    r"|googlesyndication\.com|googletagmanager\.com|instagram\.com/(?:\w+/\w+/)?embeds?\.js|platform\.linkedin\.com"
    r"|platform\.(?:twitter|x)\.com|sharethis\.com|tiktok\.com/embed\.js|unpkg\.com)(?:/|\?|\z)"
)
"""Scripts that show nothing by themselves: what they decorate stays, and a link would lead to their source."""


def link_embeds(body: etree._Element, host: str, tags: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Replace embeds by links; return their addresses and the tags removed.

    The link text is the host. An embed without a valid address is removed; its fallback content stays. A form keeps
    its text, and a link to its address follows.
    """
    addresses: list[str] = []
    removed: dict[str, None] = {}
    done: set[etree._Element] = set()
    for element in list(body.iter(*tags)):
        if element in done:
            continue
        address = next(filter(None, (_address(element, raw, host) for raw in _sources(element))), None)
        if not address:
            removed[str(element.tag)] = None
            # its sources were those of all embeds in it; what is in an svg vanishes with it
            done.update(element.iterdescendants(*(() if element.tag in WITHOUT_FALLBACK else EMBED_TAGS)))
            continue
        link = etree.SubElement(element, "a") if element.tag == "form" else element
        done.update(link.iterdescendants())
        _make_link(link, address)
        addresses.append(address)
    etree.strip_elements(body, *WITHOUT_FALLBACK, with_tail=False)
    return addresses, list(removed)


def link_data_addresses(body: etree._Element, host: str) -> list[str]:
    """Put a link into each empty element whose address only a script reads."""
    addresses = []
    for element in list(body.iter(etree.Element)):
        raw = next(filter(None, map(element.get, DATA_ADDRESSES)), None)
        if raw and not len(element) and not (element.text or "").strip() and (address := _web_address(raw, host)):
            _make_link(etree.SubElement(element, "a"), address)
            addresses.append(address)
    return addresses


def _sources(element: etree._Element) -> Iterator[str]:
    if element.tag in PROGRAM_TAGS:
        yield element.get("action" if element.tag == "form" else "src", "")
        return
    yield element.get("src", "")
    yield element.get("data", "")
    for parameter in element.iter("param"):
        if parameter.get("name", "").lower() in MOVIE_PARAMETERS:
            yield parameter.get("value", "")
    for inner in element.iter(*SOURCE_TAGS):
        yield inner.get("src", "") or inner.get("data", "")


def _address(element: etree._Element, raw: str, host: str) -> str | None:
    if element.tag in PROGRAM_TAGS:
        address = _web_address(raw, host)
        return None if address and element.tag == "script" and HELPERS.search(address) else address
    address = normalize_post_link(raw, host)
    return address if address and address.startswith(("http", "/")) else None


def _web_address(raw: str, host: str) -> str | None:
    """Return an address elsewhere: what programs of the old blog did is gone."""
    address = normalize_post_link(raw, host)
    return address if address and address.startswith("http") else None


def _make_link(element: etree._Element, address: str) -> None:
    names: dict[str | bytes, str | bytes] = {
        name: element.get(name, "") for name in ("id", "name") if element.get(name)
    }
    element.attrib.clear()
    element.attrib.update(names | {"href": address})
    element.tag = "a"
    del element[:]
    element.text = host_of(address) or address
    # A block became a word: separate it from the next one.
    element.tail = f" {element.tail or ''}"
