"""The looks of imported HTML: styles into classes, caption tables into figures, old tags into plain ones."""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.sanitize import names

STYLE = re2.compile(r"(?i)(?:^|[;\s])(float|text-align)\s*:\s*(left|right|center)\b")
ALIGNMENTS = names("align-left align-right align-center float-left float-right")
SIDES = names("left right center")
FLOATING = names("embed figure iframe img object table")
"""Elements that `align` moves as a whole; in the others it aligns what they hold."""

BLOCKS = names(
    """address article aside center details dialog fieldset footer form header hgroup legend main nav optgroup option
    section summary"""
)
PLAIN = {
    **dict.fromkeys(BLOCKS, "div"),
    **dict.fromkeys(("listing", "plaintext", "xmp"), "pre"),
    **dict.fromkeys(("dir", "menu"), "ul"),
    "acronym": "abbr",
    "h1": "h2",
    "strike": "s",
    "tt": "code",
}
"""What stands for a tag that is not allowed. What was a block stays one, and a page has one h1, its headline."""


def settle_shapes(body: etree._Element) -> None:
    """Keep those looks of all in `body` that have a class here, and make figures and plain tags of the rest."""
    tables = [table for table in body.iter("table") if _has_class(table, "tr-caption-container")]
    captions = [cell for table in tables for cell in table.iter("td") if _has_class(cell, "tr-caption")]
    for element in body.iter(etree.Element):
        _align(element)
        if element.tag in PLAIN:
            element.tag = PLAIN[str(element.tag)]
        _keep_newline(element)
    for caption in captions:
        caption.tag = "figcaption"
    for table in tables:
        etree.strip_tags(table, "table", "tbody", "thead", "tfoot", "tr", "td", "th")
        table.tag = "figure"


def _has_class(element: etree._Element, name: str) -> bool:
    return name in element.get("class", "").split()


def _align(element: etree._Element) -> None:
    """Put classes in the place of the element's style and alignment; for a floating box its `align` counts first."""
    styled = [f"{kind.removeprefix('text-')}-{side}" for kind, side in STYLE.findall(element.get("style", "").lower())]
    asked = [*_asked(element), *reversed(styled), *element.get("class", "").split()]
    chosen = {name.partition("-")[0]: name for name in reversed(asked) if name in ALIGNMENTS}
    element.attrib.pop("class", "")
    if chosen:
        element.set("class", " ".join(sorted(chosen.values())))


def _asked(element: etree._Element) -> list[str]:
    side = "center" if element.tag == "center" else element.get("align", "").strip().lower()
    if side not in SIDES:
        return []
    return [f"float-{side}" if element.tag in FLOATING and side != "center" else f"align-{side}"]


def _keep_newline(element: etree._Element) -> None:
    # A newline right after <pre> is no text in HTML, and bleach takes one away without putting it back.
    if element.tag == "pre" and (element.text or "").startswith("\n\n"):
        element.text = f"\n{element.text}"
