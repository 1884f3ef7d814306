"""What a file looks like, told by its first bytes alone: neither its name nor its content type is believed."""

from __future__ import annotations

import re
from typing import Any

import re2
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

HEAD = 2048

PICTURES = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)

BYTES = re2.Options()
BYTES.encoding = re2.Options.Encoding.LATIN1

# in this order: a web page may hold a drawing, and both begin like any other XML
OTHERS: tuple[tuple[Any, LazyString], ...] = (
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
        re2.compile(rb"(?is)\W*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|script)\b", BYTES),
        _("This looks like a web page: save the picture that is on it and upload that."),
    ),
    (
        re2.compile(rb"(?is)\W*<.*?<?svg\b", BYTES),
        _("This looks like an SVG drawing: export it as PNG and upload that."),
    ),
    (
        re.compile(rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!"),
        _("This looks like an archive or an office document: take the picture out of it and upload that."),
    ),
)

UNKNOWN = _("This does not look like a picture: choose a JPEG, PNG or WebP file.")


def format_of(content: bytes) -> str | None:
    """JPEG, PNG or WEBP; None where it is none of them."""
    return next((name for name, beginning in PICTURES if beginning.match(content)), None)


def refusal_of(content: bytes) -> LazyString:
    """One sentence on what is none of them: what it looks like, and what to do."""
    head = content[:HEAD].replace(b"\0", b"") if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else content[:HEAD]
    return next((sentence for beginning, sentence in OTHERS if beginning.match(head)), UNKNOWN)
