"""Players, frames and other foreign content in imported HTML, each made a plain link to where it came from."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from blog.html.urls import host_of, link_address

FOREIGN = ("audio", "embed", "iframe", "object", "video")
SOURCES = ("embed", "iframe", "source")
FILM_PARAMETERS = frozenset(("movie", "src", "url", "filename"))


def link_embeds(body: etree._Element, host: str) -> list[str]:
    """Make links of the foreign content in `body`, named after its host; the addresses in their order.

    What has no address that may be linked is taken off; what it held for browsers without it stays.
    """
    outermost = [element for element in body.iter(*FOREIGN) if next(element.iterancestors(*FOREIGN), None) is None]
    found = []
    for element in outermost:
        address = next(filter(None, (_address(raw, host) for raw in _sources(element))), None)
        if address:
            _make_link(element, address)
            found.append(address)
        elif element.tag == "iframe":
            element.text = None
    return found


def _sources(element: etree._Element) -> Iterator[str]:
    yield element.get("src", "")
    yield element.get("data", "")
    for parameter in element.iter("param"):
        if parameter.get("name", "").lower() in FILM_PARAMETERS:
            yield parameter.get("value", "")
    for inner in element.iter(*SOURCES):
        yield inner.get("src", "")


def _address(raw: str, host: str) -> str | None:
    address = link_address(raw, host)
    return address if address and address.startswith(("http", "/")) else None


def _make_link(element: etree._Element, address: str) -> None:
    del element[:]
    element.tag = "a"
    element.set("href", address)
    element.text = host_of(address) or address
    # A box of its own became a word, which the next one must not run into.
    element.tail = f" {element.tail or ''}"
