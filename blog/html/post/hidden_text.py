"""Remove what a post hides by its own styles, such as texts for search engines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import re2
from lxml import etree

from blog.html.sanitize import split_names

COMMENT = re2.compile(r"(?s)/\*.*?\*/")
ZERO = re2.compile(r"[+-]?(?:0+|0*\.0+)[a-z%]{0,4}")
TINY = re2.compile(r"[+-]?(?:(?:0+|0*\.0+)[a-z%]{0,4}|(?:[01]|[01]?\.\d{1,9})(?:px|pt))")
FAR_AWAY = re2.compile(r"-\d{3,}(?:\.\d*)?(?:px|pt|em|rem|%|vw|vh)")
LOUD_TAGS = split_names("applet audio canvas embed form frame iframe img input object script svg video")
"""Elements that are seen, or act, in a box without size; with other tricks that hide text only, they stay."""
REMOVED_TAG = "hidden-text"


def remove_hidden(body: etree._Element) -> bool:
    """Remove hidden elements with their content; return whether any held something.

    `display: none`, `visibility: hidden` and `hidden` hide everything. Text without size, colour or place is hidden
    only if nothing in it can be seen: such styles also wrap players, or remove gaps between pictures.
    """
    elements = list(body.iterdescendants(etree.Element))
    styles = {element: parse_style(element.get("style", "")) for element in elements if element.get("style")}
    loud = _find_parents(element for element in elements if element.tag in LOUD_TAGS)
    sized = _find_parents(element for element in elements if _has_size(element, styles.get(element, {})))
    found = False
    for element in elements:
        style = styles.get(element, {})
        silent = element.tag not in LOUD_TAGS and element not in loud
        unsized = _is(ZERO, style, "font-size") and element not in sized
        if _hides_all(element, style) or (silent and (unsized or _hides_text(style))):
            found = found or bool(len(element) or (element.text or "").strip() or element.tag in LOUD_TAGS)
            element.tag = REMOVED_TAG
    etree.strip_elements(body, REMOVED_TAG, with_tail=False)
    return found


def parse_style(text: str) -> dict[str, str]:
    """Parse a style attribute into its declarations.

    As in browsers, the last of a name counts, or the important one.
    """
    style: dict[str, str] = {}
    important: dict[str, str] = {}
    for declaration in COMMENT.sub("", text.lower()).split(";"):
        name, _, value = declaration.partition(":")
        value = value.strip()
        plain = value.partition("!")[0].strip()
        (important if value.endswith("important") and "!" in value else style)[name.strip()] = plain
    return style | important


def _find_parents(elements: Iterable[etree._Element]) -> set[etree._Element]:
    """Return all elements that contain one of these."""
    found: set[etree._Element] = set()
    for element in elements:
        parent = element.getparent()
        while parent is not None and parent not in found:
            found.add(parent)
            parent = parent.getparent()
    return found


def _has_size(element: etree._Element, style: dict[str, str]) -> bool:
    """Return whether the element sets a size of its own."""
    size = style.get("font-size", "")
    return bool(size and not ZERO.fullmatch(size)) or (element.tag == "font" and bool(element.get("size")))


def _hides_all(element: etree._Element, style: dict[str, str]) -> bool:
    if element.tag == "datalist" or element.get("hidden") is not None:
        return True
    return (
        style.get("display") == "none"
        or style.get("visibility") in {"hidden", "collapse"}
        or style.get("mso-hide") == "all"
        or style.get("content-visibility") == "hidden"
    )


def _hides_text(style: dict[str, str]) -> bool:
    if _is(ZERO, style, "opacity") or style.get("color") == "transparent":
        return True
    if _is(FAR_AWAY, style, "text-indent"):
        return True
    if style.get("position") in {"absolute", "fixed"}:
        clipped = style.get("clip", "").replace(" ", "").replace("px", "") in {"rect(0,0,0,0)", "rect(1,1,1,1)"}
        if clipped or any(_is(FAR_AWAY, style, side) for side in ("left", "right", "top", "bottom")):
            return True
    small = any(_is(TINY, style, side) for side in ("height", "max-height", "width", "max-width"))
    return small and style.get("overflow") in {"hidden", "clip"}


def _is(pattern: Any, style: dict[str, str], name: str) -> bool:
    value = style.get(name, "")
    return bool(value and pattern.fullmatch(value))
