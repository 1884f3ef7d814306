"""Remove control characters and other invisible characters from text."""

from __future__ import annotations

import html
import re


def _windows_1252(code: int) -> str:
    """Map a C1 control code to the Windows-1252 character meant by it."""
    return bytes([code]).decode("cp1252", "ignore")


REPLACEMENTS: dict[int, str | None] = {
    **{code: None for code in range(32) if chr(code) not in "\t\n"},
    **{code: _windows_1252(code) for code in range(0x80, 0xA0)},
    **dict.fromkeys((0x7F, 0xFFFE, 0xFFFF)),
    **dict.fromkeys((0x2028, 0x2029), "\n"),
}
SURROGATES = re.compile("[\ud800-\udfff]")
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
REFERENCE = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})(?![0-9a-fA-F]);?")


def normalize_characters(text: str) -> str:
    r"""Normalize line ends to \n; remove control characters and lone surrogates.

    Surrogate pairs are joined.
    """
    if SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(REPLACEMENTS)


def remove_direction_marks(text: str) -> str:
    """Remove bidirectional controls, which would affect the page beyond the text."""
    return BIDI_CONTROLS.sub("", text)


def resolve_references(text: str) -> str:
    """Resolve numeric character references (`&#146;`), except those of markup characters."""

    def resolve(reference: re.Match[str]) -> str:
        character = normalize_characters(html.unescape(reference[0]))
        return reference[0] if character and character in "<>&\"'" else character

    return REFERENCE.sub(resolve, text)


def is_visible(text: str) -> bool:
    """Check whether plain text has any visible character."""
    return any(character.isprintable() and not character.isspace() for character in text)
