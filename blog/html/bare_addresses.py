"""Find where a web address in plain text begins and ends."""

from __future__ import annotations

import re

ADDRESS_START = r"(?<![a-z0-9@._/-])(?:https?://|www\.)(?=[^\W_]|\[)"
ADDRESS_END = "?!.,:;*_~'\u2019\u201d\u2026)\u0589\u060c\u061b\u061f\u06d4\u0964\u0965\u104a\u104b\u1362\u1363\u17d4"
"""Signs that an address does not end with; the second line has those of Armenian, Arabic, Hindi and others."""

WIDE_PUNCTUATION = (
    "\u2014\u2015\u2026\u3001-\u3003\u3008-\u3011\u3014-\u301f\ufe10-\ufe1f\ufe30-\ufe6f"
    "\uff01\uff02\uff07-\uff09\uff0c\uff0e\uff1a-\uff1c\uff1e\uff1f\uff3b-\uff3d\uff5b-\uff64"
)
"""Full-width punctuation, as a character class: an address ends before it.

Chinese and Japanese put no blank between them. The katakana middle dot is part of words.
"""

BARE_ADDRESS = re.compile(
    ADDRESS_START
    + r"(?:(?!&(?:quot|lt|gt|nbsp|apos|#\d{1,7}|#x[\da-f]{1,6});)"
    + rf"[^\s<>\[\]\\\"`{{}}|^\u201c\u201d\xab\xbb{WIDE_PUNCTUATION}])+",
    re.IGNORECASE,
)


def strip_punctuation(address: str) -> str:
    """Strip sentence punctuation, except a closing bracket opened inside."""
    end, unopened = len(address), address.count(")") - address.count("(")
    while end and address[end - 1] in ADDRESS_END:
        if address[end - 1] == ")":
            if unopened <= 0:
                break
            unopened -= 1
        end -= 1
    return address[:end]
