"""Characters that no text needs, taken out before anything else looks at it."""

from __future__ import annotations

import html
import re


def _windows_1252(code: int) -> str:
    """What old programs meant by 0x80-0x9F: quotes and dashes of Windows, where Unicode has invisible controls."""
    return bytes([code]).decode("cp1252", "ignore")


REPLACED: dict[int, str | None] = {
    **{code: None for code in range(32) if chr(code) not in "\t\n"},
    **{code: _windows_1252(code) for code in range(0x80, 0xA0)},
    **dict.fromkeys((0x7F, 0xFFFE, 0xFFFF)),
    **dict.fromkeys((0x2028, 0x2029), "\n"),
}
SURROGATES = re.compile("[\ud800-\udfff]")
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
REFERENCE = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})(?![0-9a-fA-F]);?")


def tidy(text: str) -> str:
    """`text` with \\n for every line end, and without control characters and lone surrogates (pairs are joined)."""
    if SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(REPLACED)


def without_overrides(text: str) -> str:
    """`text` without the marks that turn the direction of what follows, beyond the end of the text too."""
    return OVERRIDES.sub("", text)


def resolve_references(text: str) -> str:
    """`text` with its numeric references (`&#146;`) as HTML reads them, but for those of markup characters."""

    def resolve(reference: re.Match[str]) -> str:
        character = tidy(html.unescape(reference[0]))
        return reference[0] if character and character in "<>&\"'" else character

    return REFERENCE.sub(resolve, text)


def visible(text: str) -> bool:
    """Whether anything in `text`, which is no HTML, can be seen."""
    return any(character.isprintable() and not character.isspace() for character in text)
