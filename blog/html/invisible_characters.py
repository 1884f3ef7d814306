"""Remove control characters and other invisible characters from text."""

from __future__ import annotations

import html
import re
import unicodedata


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
# what shows nothing in any text (UAX #44, Default_Ignorable_Code_Point, without the selectors), and Braille's blank
_NEVER_SHOWN = (
    "\x00-\x08\x0e-\x1f\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f"
    "\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS, _SELECTORS, _TAGS = "\u200c\u200d", "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef", "\U000e0020-\U000e007f"
INVISIBLE = re.compile(f"[{_NEVER_SHOWN}{_JOINERS}{_SELECTORS}{_TAGS}]")
NEVER_SHOWN = re.compile(f"[{_NEVER_SHOWN}]")
# scripts from Hebrew on, and signs: Persian, Hindi and emoji need joiners, Mongolian, Japanese and emoji selectors
_BASES = "\u0590-\u180a\u1810-\u1dff\u2190-\u27ff\u2900-\ufdff\ufe10-\ufefe\U00010000-\U0003ffff"
IDLE = re.compile(
    f"(?<![{_BASES}\ufe0f])[{_JOINERS}]|[{_JOINERS}](?![{_BASES}])"
    f"|(?<![{_BASES}\xa9\xae\u203c-\u2139])[{_SELECTORS}](?!\u20e3)"
)
TAGS = re.compile(f"[{_TAGS}]")
BLACK_FLAG = "\U0001f3f4"
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


def clean_line(text: str | None) -> str:
    """Return a name, title or label on one line, without what nobody sees.

    A joiner stays between letters of the scripts that need it, and in emoji; so do the tags of a flag.
    """
    line = normalize_characters(text or "").replace("\u2800", " ")
    line = NEVER_SHOWN.sub("", line if BLACK_FLAG in line else TAGS.sub("", line))
    return " ".join(IDLE.sub("", line).split())


def is_visible(text: str) -> bool:
    """Check whether plain text has any visible character."""
    return any(
        not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
        for character in INVISIBLE.sub("", text)
    )
