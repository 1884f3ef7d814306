"""Detect a file's format by its first bytes.

Its name and content type are ignored.
"""

from __future__ import annotations

import re
from typing import Any

import re2

HEAD_BYTES = 2048

SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)

BYTE_PATTERN = re2.Options()
BYTE_PATTERN.encoding = re2.Options.Encoding.LATIN1

# The order matters: a web page may contain an SVG, and both may begin like any XML.
OTHER_SIGNATURES: tuple[tuple[Any, str], ...] = (
    (re.compile(rb"\Z"), "empty_picture"),
    (re.compile(rb"GIF8"), "gif"),
    (re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL), "heic"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "avif"),
    (re.compile(rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI ", re.DOTALL), "video"),
    (re.compile(rb"II[*+]\x00|MM\x00[*+]"), "tiff"),
    (re.compile(rb"BM....\x00{4}|\x00\x00\x01\x00|\x00{3}\x0c(jP  |JXL )|\xff\x0a|8BPS", re.DOTALL), "other_picture"),
    (re.compile(rb".{0,1024}%PDF-", re.DOTALL), "pdf_picture"),
    (re2.compile(rb"(?is)\W*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|script)\b", BYTE_PATTERN), "web_page"),
    (re2.compile(rb"(?is)\W*<.*?<?svg\b", BYTE_PATTERN), "svg"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!"), "archive"),
)


def detect_format(content: bytes) -> str | None:
    """Return "JPEG", "PNG" or "WEBP", or None for other content."""
    return next((name for name, signature in SIGNATURES if signature.match(content)), None)


def refusal_code(content: bytes) -> str:
    """Return what content that is no picture resembles, as a code of `picture_errors`."""
    head = (
        content[:HEAD_BYTES].replace(b"\0", b"") if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else content[:HEAD_BYTES]
    )
    return next((code for signature, code in OTHER_SIGNATURES if signature.match(head)), "no_picture")
