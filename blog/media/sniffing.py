"""Detect a file's format by its first bytes.

Its name and content type are ignored.
"""

from __future__ import annotations

import re
from typing import Any

import re2
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

HEAD_BYTES = 2048

SIGNATURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)

BYTE_PATTERN = re2.Options()
BYTE_PATTERN.encoding = re2.Options.Encoding.LATIN1

# The order matters: a web page may contain an SVG, and both may begin like any XML.
OTHER_SIGNATURES: tuple[tuple[Any, LazyString], ...] = (
    (re.compile(rb"\Z"), _("This file is empty: choose the picture once more.")),
    (re.compile(rb"GIF8"), _("This looks like a GIF: save it as PNG or JPEG and upload that.")),
    (
        re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL),
        _("This looks like a HEIC photo, as iPhones take them: export it as JPEG and upload that."),
    ),
    (
        re.compile(rb"....ftypavi[fs]", re.DOTALL),
        _("This looks like an AVIF picture: save it as JPEG or PNG and upload that."),
    ),
    (
        re.compile(rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI ", re.DOTALL),
        _("This looks like a video: save one picture of it as JPEG or PNG and upload that."),
    ),
    (
        re.compile(rb"II[*+]\x00|MM\x00[*+]"),
        _("This looks like a TIFF or a camera's raw picture: save it as JPEG and upload that."),
    ),
    (
        re.compile(rb"BM....\x00{4}|\x00\x00\x01\x00|\x00{3}\x0c(jP  |JXL )|\xff\x0a|8BPS", re.DOTALL),
        _("This looks like a picture that not every browser can show: save it as JPEG or PNG and upload that."),
    ),
    (
        re.compile(rb".{0,1024}%PDF-", re.DOTALL),
        _("This looks like a PDF: export its page as PNG or JPEG and upload that."),
    ),
    (
        re2.compile(rb"(?is)\W*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|script)\b", BYTE_PATTERN),
        _("This looks like a web page: save the picture that is on it and upload that."),
    ),
    (
        re2.compile(rb"(?is)\W*<.*?<?svg\b", BYTE_PATTERN),
        _("This looks like an SVG drawing: export it as PNG and upload that."),
    ),
    (
        re.compile(rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!"),
        _("This looks like an archive or an office document: take the picture out of it and upload that."),
    ),
)

UNKNOWN = _("This does not look like a picture: choose a JPEG, PNG or WebP file.")


def detect_format(content: bytes) -> str | None:
    """Return "JPEG", "PNG" or "WEBP", or None for other content."""
    return next((name for name, signature in SIGNATURES if signature.match(content)), None)


def explain_refusal(content: bytes) -> LazyString:
    """Say in one sentence what the content resembles and what to do."""
    head = (
        content[:HEAD_BYTES].replace(b"\0", b"") if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else content[:HEAD_BYTES]
    )
    return next((sentence for signature, sentence in OTHER_SIGNATURES if signature.match(head)), UNKNOWN)
