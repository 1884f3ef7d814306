"""A passage of a page as a quotation in a reader's Markdown, linked to where it stands.

static/js/quote.js does the same in the browser.
"""

from __future__ import annotations

import re

from lxml import etree

from blog.html.dom import parsed
from blog.html.plain_text import shortened

LONGEST = 600
LINE, PARAGRAPH = "\u2028", "\u2029"
"""Stand for ends while white space is folded; no text that comes in has them."""

BROKEN_LINE = re.compile(f" ?{LINE} ?")
BLOCKS = ("p", "li", "pre", "div", "blockquote", "br")

MEANT = re.compile(
    r"(?:https?://|www\.)\S+"  # addresses stay as they are
    r"|[\\`*]|(?<![^\W_])_|_(?![^\W_])|<(?=[\w/!?])|\](?=\()|&(?=#?\w{1,40};)"
    r"|^(?:[>~+-]|\d{1,9}(?=[.)]))",
    re.MULTILINE,
)
"""What Markdown or HTML would take for a mark in a text that is none."""


def quotation(html: str, said_by: str, address: str) -> str:
    """The text of `html` as a Markdown quotation, at most 600 characters, ending with a link to `address`.

    What is quoted in it already is left out, unless there is nothing else.
    """
    text = shortened(_text(html, "blockquote") or _text(html), LONGEST)
    lines = [_escaped(line) for line in text.split("\n")]
    return "\n".join(f"> {line}".rstrip() for line in [*lines, "", f"— [{_name(said_by)}]({address})"]) + "\n\n"


def _text(html: str, *left_out: str) -> str:
    """Paragraphs with an empty line between, lines as they were broken."""
    body = parsed(html)
    etree.strip_elements(body, *left_out, with_tail=False)
    for element in list(body.iter(*BLOCKS)):
        element.tail = f"{LINE if element.tag == 'br' else PARAGRAPH}{element.tail or ''}"
    text = re.sub(r"[ \t\n]+", " ", "".join(map(str, body.itertext())))
    text = BROKEN_LINE.sub("\n", text)
    paragraphs = (part.strip() for part in text.split(PARAGRAPH))
    return "\n\n".join(part for part in paragraphs if part)


def _escaped(line: str) -> str:
    return MEANT.sub(lambda mark: mark[0] if mark[0][0] in "hw" else _escape(mark[0]), line)


def _escape(mark: str) -> str:
    # of a number at the start of a line its dot is what makes a list
    return f"{mark}\\" if mark.isdecimal() else f"\\{mark}"


def _name(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>&])", r"\\\1", " ".join(text.split()))
