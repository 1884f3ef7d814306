"""Refuse pictures, each in one sentence for the uploader.

The sentence can be stored as a code and shown in the current language.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from blog.stored_messages import CodedError, Sentences

SENTENCES: Sentences = {
    # other formats
    "empty_picture": _("This file is empty: choose the picture once more."),
    "gif": _("This looks like a GIF: save it as PNG or JPEG and upload that."),
    "heic": _("This looks like a HEIC photo, as iPhones take them: export it as JPEG and upload that."),
    "avif": _("This looks like an AVIF picture: save it as JPEG or PNG and upload that."),
    "video": _("This looks like a video: save one picture of it as JPEG or PNG and upload that."),
    "tiff": _("This looks like a TIFF or a camera’s raw picture: save it as JPEG and upload that."),
    "other_picture": _(
        "This looks like a picture that not every browser can show: save it as JPEG or PNG and upload that."
    ),
    "pdf_picture": _("This looks like a PDF: export its page as PNG or JPEG and upload that."),
    "web_page": _("This looks like a web page: save the picture that is on it and upload that."),
    "svg": _("This looks like an SVG drawing: export it as PNG and upload that."),
    "archive": _("This looks like an archive or an office document: take the picture out of it and upload that."),
    "no_picture": _("This does not look like a picture: choose a JPEG, PNG or WebP file."),
    # limits
    "large_file": _("This file is larger than %(most)s MB: save the picture smaller and upload that."),
    "many_pixels": _(
        "This picture has %(found)s megapixels, but %(most)s are the most: save it smaller and upload that."
    ),
    "many_layers": _("This JPEG is built in far too many layers: save it anew and upload that."),
    "slow_picture": _("This picture takes too long to read: save it smaller."),
    "out_of_memory": _("This picture needs more memory than the server has: save it smaller."),
    # the site's icon
    "not_square": _("This picture is not square (%(width)s by %(height)s pixels): cut it to a square and upload that."),
    "small_icon": _("This picture is too small for an icon: it needs %(least)s pixels on each side."),
    # failures
    "damaged": _("This picture is damaged, or breaks off before its end: upload it once more, or save it anew first."),
    "not_stored": _(
        "The picture cannot be kept, since the server’s disk is full or closed: tell whoever runs the site."
    ),
}


class PictureRefused(CodedError):
    """Raised for a picture that cannot be stored; `message` may be stored."""

    sentences = SENTENCES
