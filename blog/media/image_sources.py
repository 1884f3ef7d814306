"""Describe a stored picture for the attributes of <img>."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Flask

from blog.db import db
from blog.media.library import picture_size
from blog.media.processing import LARGE, SMALL
from blog.media.storage import parse_address


@dataclass(frozen=True)
class ImageSource:
    """Hold an address, its size in pixels if known, and the candidates of `srcset`."""

    src: str
    width: int | None = None
    height: int | None = None
    srcset: str = ""


def init(app: Flask) -> None:
    app.jinja_env.globals.update(image_source=image_source)


def image_source(address: str) -> ImageSource:
    """Describe the picture at an address; of other sites' pictures only the address is known."""
    try:
        return _stored_source(db.engine.url.database, address)
    except LookupError:
        return ImageSource(address)


# a picture never changes, so it is looked up once; an exception is not kept, since the picture may be saved later
@lru_cache(maxsize=4096)
def _stored_source(_database: str | None, address: str) -> ImageSource:
    rendition, size = parse_address(address), picture_size(address)
    if rendition is None or size is None:
        raise LookupError(address)
    addresses = [replace(rendition, width=width).address for width in (SMALL, LARGE)]
    # by address: a picture smaller than SMALL has the same width in both files
    widths = {(picture_size(one) or size)[0]: one for one in addresses}
    srcset = ", ".join(f"{one} {width}w" for width, one in widths.items()) if len(widths) > 1 else ""
    return ImageSource(address, *size, srcset)
