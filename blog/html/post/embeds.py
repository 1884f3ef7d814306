"""Replace players, frames and other embedded content in imported HTML by links."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from blog.html.urls import host_of, normalize_post_link

EMBED_TAGS = ("audio", "embed", "iframe", "object", "video")
SOURCE_TAGS = ("embed", "iframe", "source")
MOVIE_PARAMETERS = frozenset(("movie", "src", "url", "filename"))


def link_embeds(body: etree._Element, host: str) -> list[str]:
    """Replace the embeds in `body` by links; return their addresses.

    The link text is the host. An embed without a valid address is removed; its fallback content stays.
    """
    outermost_embeds = [
        element for element in body.iter(*EMBED_TAGS) if next(element.iterancestors(*EMBED_TAGS), None) is None
    ]
    addresses = []
    for element in outermost_embeds:
        address = next(filter(None, (_address(raw, host) for raw in _sources(element))), None)
        if address:
            _make_link(element, address)
            addresses.append(address)
        elif element.tag == "iframe":
            element.text = None
    return addresses


def _sources(element: etree._Element) -> Iterator[str]:
    yield element.get("src", "")
    yield element.get("data", "")
    for parameter in element.iter("param"):
        if parameter.get("name", "").lower() in MOVIE_PARAMETERS:
            yield parameter.get("value", "")
    for inner in element.iter(*SOURCE_TAGS):
        yield inner.get("src", "")


def _address(raw: str, host: str) -> str | None:
    address = normalize_post_link(raw, host)
    return address if address and address.startswith(("http", "/")) else None


def _make_link(element: etree._Element, address: str) -> None:
    del element[:]
    element.tag = "a"
    element.set("href", address)
    element.text = host_of(address) or address
    # A block became a word: separate it from the next one.
    element.tail = f" {element.tail or ''}"
