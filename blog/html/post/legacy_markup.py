"""Convert old markup: styles into classes, caption tables into figures."""

from __future__ import annotations

import re2
from lxml import etree

from blog.html.sanitize import split_names

STYLE = re2.compile(r"(?i)(?:^|[;\s])(float|text-align)\s*:\s*(left|right|center)\b")
ALIGNMENTS = split_names("align-left align-right align-center float-left float-right picture-link")
SIDES = split_names("left right center")
FLOATING_TAGS = split_names("embed figure iframe img object table")
"""Elements that `align` floats; in other elements it aligns the content."""

OLD_BLOCK_TAGS = split_names(
    """address article aside center details dialog fieldset footer form header hgroup legend main nav optgroup option
    section summary"""
)
TAG_REPLACEMENTS = {
    **dict.fromkeys(OLD_BLOCK_TAGS, "div"),
    **dict.fromkeys(("listing", "plaintext", "xmp"), "pre"),
    **dict.fromkeys(("dir", "menu"), "ul"),
    "acronym": "abbr",
    "h1": "h2",
    "strike": "s",
    "tt": "code",
}
"""Replacements of tags that are not allowed. A page has one h1, its headline."""


def modernize_markup(body: etree._Element) -> None:
    """Replace styles, alignments, caption tables and old tags in `body`."""
    tables = [table for table in body.iter("table") if _has_class(table, "tr-caption-container")]
    captions = [cell for table in tables for cell in table.iter("td") if _has_class(cell, "tr-caption")]
    for element in body.iter(etree.Element):
        _align(element)
        if element.tag in TAG_REPLACEMENTS:
            element.tag = TAG_REPLACEMENTS[str(element.tag)]
        _keep_newline(element)
    for caption in captions:
        caption.tag = "figcaption"
    for table in tables:
        etree.strip_tags(table, "table", "tbody", "thead", "tfoot", "tr", "td", "th")
        table.tag = "figure"


def _has_class(element: etree._Element, name: str) -> bool:
    return name in element.get("class", "").split()


def _align(element: etree._Element) -> None:
    """Replace an element's style and alignment by classes; `align` takes precedence."""
    styles = [f"{kind.removeprefix('text-')}-{side}" for kind, side in STYLE.findall(element.get("style", "").lower())]
    candidates = [*_alignment_attribute(element), *reversed(styles), *element.get("class", "").split()]
    chosen = {name.partition("-")[0]: name for name in reversed(candidates) if name in ALIGNMENTS}
    element.attrib.pop("class", "")
    if chosen:
        element.set("class", " ".join(sorted(chosen.values())))


def _alignment_attribute(element: etree._Element) -> list[str]:
    side = "center" if element.tag == "center" else element.get("align", "").strip().lower()
    if side not in SIDES:
        return []
    return [f"float-{side}" if element.tag in FLOATING_TAGS and side != "center" else f"align-{side}"]


def _keep_newline(element: etree._Element) -> None:
    # HTML ignores a newline right after <pre>, and bleach drops one without restoring it.
    if element.tag == "pre" and (element.text or "").startswith("\n\n"):
        element.text = f"\n{element.text}"
