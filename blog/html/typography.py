"""Set smart quotes, apostrophes and dashes by the rules of a language.

Markdown-it has such rules too, but their time is quadratic in the number of quotes, and they read tokens only. These
read each character once, in tokens and in HTML. Code and addresses stay as they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree
from markdown_it.token import Token

from blog.html.plain_text import INLINE_TAGS

APOSTROPHE = "\u2019"
EN_DASH, EM_DASH = "\u2013", "\u2014"
OPENING_PUNCTUATION = "([{<\u2013\u2014-/\u201c\u2018\u201e\u201a\xab"
CODE_TAGS = frozenset({"code", "kbd", "pre", "samp", "tt", "var"})
SIGN = re.compile("[\"']|-{2,}")
WORD = re.compile(r"\S+")
ADDRESS_MARKS = ("://", "www.", "@")


class Quotes(NamedTuple):
    """Hold the quotes of a language: outer, then inner."""

    opening: str
    closing: str
    inner_opening: str
    inner_closing: str


ENGLISH = Quotes("\u201c", "\u201d", "\u2018", "\u2019")
GUILLEMETS = Quotes("\xab", "\xbb", "\u201c", "\u201d")
SPACED_GUILLEMETS = Quotes("\xab\xa0", "\xa0\xbb", "\u201c", "\u201d")
LOW_HIGH = Quotes("\u201e", "\u201c", "\u201a", "\u2018")
LOW_CLOSING = Quotes("\u201e", "\u201d", "\u201a", "\u2019")
CLOSING_ONLY = Quotes("\u201d", "\u201d", "\u2019", "\u2019")

# after the delimiters of the Unicode CLDR; a language that is not listed has the English ones
QUOTES = {
    "fr": SPACED_GUILLEMETS,
    **dict.fromkeys(("de", "cs", "sk", "sl", "hr", "is", "bg", "lt", "et", "ka"), LOW_HIGH),
    **dict.fromkeys(("pl", "ro", "hu", "sr"), LOW_CLOSING),
    **dict.fromkeys(("es", "it", "ca", "nb", "nn", "no", "ru", "uk", "be", "el", "fa", "fr_CH", "de_CH"), GUILLEMETS),
    **dict.fromkeys(("sv", "fi", "he"), CLOSING_ONLY),
}

STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\xab\xbb", '"'),
        **dict.fromkeys("\u2018\u2019\u201a", "'"),
        EN_DASH: "-",
        EM_DASH: "-",
    }
)


def quotes_of(language: str) -> Quotes:
    """Return the quotes of a locale such as `de` or `de_CH`."""
    return QUOTES.get(language) or QUOTES.get(language.split("_", maxsplit=1)[0], ENGLISH)


def set_quotes(text: str, language: str) -> str:
    """Replace the signs in a plain text, such as a headline."""
    return Paragraph([Piece(text)]).set_quotes(quotes_of(language))[0]


def straighten_quotes(text: str) -> str:
    """Replace smart quotes and dashes by those of a keyboard."""
    return text.translate(STRAIGHT)


def set_quotes_in_tokens(tokens: Iterable[Token], language: str) -> None:
    """Replace the signs in the text of Markdown tokens."""
    quotes = quotes_of(language)
    for block in tokens:
        paragraph, code_depth, children = Paragraph(), 0, []
        for token in block.children or () if block.type == "inline" else ():
            code_depth += token.nesting if token.tag in CODE_TAGS else 0
            if token.type in {"softbreak", "hardbreak"}:
                paragraph.add("\n", verbatim=True)
            elif token.content:
                paragraph.add(token.content, verbatim=token.type != "text" or code_depth > 0)
            else:
                continue
            children.append(token)
        for token, text in zip(children, paragraph.set_quotes(quotes), strict=True):
            token.content = text if token.type == "text" else token.content


def set_quotes_in_html(body: etree._Element, language: str) -> None:
    """Replace the signs in the texts of an element, block by block."""
    quotes = quotes_of(language)
    paragraph, code_depth = Paragraph(), 0
    places: list[tuple[etree._Element, bool]] = []
    for event, element in etree.iterwalk(body, ("start", "end")):
        is_start = event == "start"
        if element.tag not in INLINE_TAGS:
            _write(places, paragraph.set_quotes(quotes))
            paragraph, places = Paragraph(), []
        if element.tag in CODE_TAGS:
            code_depth += 1 if is_start else -1
        text = element.text if is_start else element.tail if element is not body else None
        if text:
            paragraph.add(text, verbatim=code_depth > 0)
            places.append((element, is_start))
    _write(places, paragraph.set_quotes(quotes))


def _write(places: list[tuple[etree._Element, bool]], texts: list[str]) -> None:
    for (element, is_start), text in zip(places, texts, strict=True):
        if is_start:
            element.text = text
        else:
            element.tail = text


class Piece(NamedTuple):
    text: str
    verbatim: bool = False


@dataclass
class Paragraph:
    """Hold the pieces of text of one block; those of code are verbatim."""

    pieces: list[Piece] = field(default_factory=list)

    def add(self, text: str, *, verbatim: bool) -> None:
        self.pieces.append(Piece(text, verbatim))

    def set_quotes(self, quotes: Quotes) -> list[str]:
        """Return the text of each piece with its signs replaced."""
        text = "".join(piece.text for piece in self.pieces)
        signs = SignReader(text, quotes, self._verbatim_ranges()).read() if SIGN.search(text) else {}
        texts, start = [], 0
        for piece in self.pieces:
            end = start + len(piece.text)
            texts.append(_replaced(text, start, end, signs) if signs else piece.text)
            start = end
        return texts

    def _verbatim_ranges(self) -> bytearray:
        """Mark each character that must not change."""
        marks, start = bytearray(), 0
        for piece in self.pieces:
            marks += bytes([piece.verbatim]) * len(piece.text)
            for word in WORD.finditer(piece.text):
                if any(mark in word[0] for mark in ADDRESS_MARKS):
                    marks[start + word.start() : start + word.end()] = b"\x01" * len(word[0])
            start += len(piece.text)
        return marks


def _replaced(text: str, start: int, end: int, signs: dict[int, tuple[int, str]]) -> str:
    parts, position = [], start
    for found in SIGN.finditer(text, start, end):
        length, sign = signs.get(found.start(), (0, ""))
        if length:
            parts += [text[position : found.start()], sign]
            position = found.start() + length
    return "".join((*parts, text[position:end]))


class SignReader:
    """Find the sign for each straight quote and hyphen pair of a text.

    A quote opens after a blank or an opening sign. Without its partner a single quote is an apostrophe, and a double
    one after a digit stays straight, as in 12". A double quote needs no partner, since a quotation may span paragraphs.
    """

    def __init__(self, text: str, quotes: Quotes, verbatim: bytearray) -> None:
        self.text, self.quotes, self.verbatim = text, quotes, verbatim
        self.signs: dict[int, tuple[int, str]] = {}
        self.open: dict[str, int] = {}
        self.last_opening = -1

    def read(self) -> dict[int, tuple[int, str]]:
        """Return by position the length of each sign and its replacement."""
        for found in SIGN.finditer(self.text):
            start, end = found.span()
            if self.verbatim[start]:
                continue
            before = self.text[start - 1] if start else " "
            after = self.text[end] if end < len(self.text) else " "
            if found[0][0] == "-":
                self._read_hyphens(start, end - start, before, after)
            else:
                self._read_quote(found[0], start, before, after)
        return self.signs

    def _read_hyphens(self, start: int, length: int, before: str, after: str) -> None:
        blanks = before.isspace() + after.isspace()
        if length > 3 or blanks == 1 or before in "<-" or after in ">-":
            return
        self.signs[start] = (length, EN_DASH if blanks and length == 2 else EM_DASH)

    def _read_quote(self, quote: str, start: int, before: str, after: str) -> None:
        opens = before.isspace() or before in OPENING_PUNCTUATION or self.last_opening == start - 1 >= 0
        if opens and not after.isspace():
            self._open(quote, start)
        elif not before.isspace() and not after.isalnum() and quote in self.open:
            self._close(quote, start)
        elif quote == "'" and before.isalpha():
            self.signs[start] = (1, APOSTROPHE)
        elif quote == '"' and not (before.isspace() or before.isdecimal() or after.isalnum()):
            self.signs[start] = (1, self.quotes.closing)

    def _open(self, quote: str, start: int) -> None:
        self.signs[start] = (1, APOSTROPHE if quote == "'" else self.quotes.opening)
        if quote == "'" and self.text[start + 1 : start + 3].isdecimal():  # '90s
            return
        self.open[quote] = self.last_opening = start

    def _close(self, quote: str, start: int) -> None:
        opening = self.open.pop(quote)
        first = 0 if quote == '"' else 2
        self.signs[opening] = (1, self.quotes[first])
        self.signs[start] = (1, self.quotes[first + 1])
        if quote == '"' and self.open.get("'", -1) > opening:
            del self.open["'"]
