"""Quote a passage of a page in Markdown, linked to its source.

static/js/quotation.js does the same in the browser.
"""

from __future__ import annotations

import re

from lxml import etree

from blog.html.bare_addresses import WIDE_PUNCTUATION
from blog.html.dom import parse_html
from blog.html.plain_text import shorten

MAX_LENGTH = 600
# Placeholders while white space is collapsed; `normalize_characters` replaces them in all input.
LINE, PARAGRAPH = "\u2028", "\u2029"
BROKEN_LINE = re.compile(f" ?{LINE} ?")
BREAKING_TAGS = ("p", "li", "pre", "div", "blockquote", "br")

MARKUP = re.compile(
    rf"(?:https?://|www\.)[^\s{WIDE_PUNCTUATION}]+"  # addresses stay unescaped
    r"|[\\`*]|(?<![^\W_])_|_(?![^\W_])|<(?=[\w/!?])|\](?=\()|&(?=#?\w{1,40};)"
    r"|^(?:[>~+-]|\d{1,9}(?=[.)]))",
    re.MULTILINE,
)
"""Characters of plain text that Markdown or HTML would take for markup."""


def quotation(html: str, author: str, address: str) -> str:
    """Quote the text of `html` in Markdown, with a link to `address`.

    At most 600 characters are quoted. Quotes inside it are left out unless there is nothing else.
    """
    text = shorten(_extract_text(html, "blockquote") or _extract_text(html), MAX_LENGTH)
    lines = [_escape_line(line) for line in text.split("\n")]
    return "\n".join(f"> {line}".rstrip() for line in [*lines, "", f"— [{_escape_name(author)}]({address})"]) + "\n\n"


def _extract_text(html: str, *excluded_tags: str) -> str:
    """Return the text with blank lines between paragraphs."""
    body = parse_html(html)
    etree.strip_elements(body, *excluded_tags, with_tail=False)
    for element in list(body.iter(*BREAKING_TAGS)):
        element.tail = f"{LINE if element.tag == 'br' else PARAGRAPH}{element.tail or ''}"
    text = re.sub(r"[ \t\n]+", " ", "".join(map(str, body.itertext())))
    text = BROKEN_LINE.sub("\n", text)
    paragraphs = (part.strip() for part in text.split(PARAGRAPH))
    return "\n\n".join(part for part in paragraphs if part)


def _escape_line(line: str) -> str:
    return MARKUP.sub(lambda mark: mark[0] if mark[0][0] in "hw" else _escape_mark(mark[0]), line)


def _escape_mark(mark: str) -> str:
    # "1." starts a list by its dot, so the escape goes before that
    return f"{mark}\\" if mark.isdecimal() else f"\\{mark}"


def _escape_name(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>&])", r"\\\1", " ".join(text.split()))
