"""Describe the lead photo of a post for readers of feeds."""

from __future__ import annotations

import mimetypes
from urllib.parse import urlsplit

from blog.feeds.entries import Photo
from blog.feeds.feed_addresses import Place
from blog.media.image_sources import image_source
from blog.media.storage import parse_address
from blog.posts.models import Post
from blog.settings import Settings
from blog.web.static_files import media_folder

DEFAULT_TYPE = "image/jpeg"


def describe_photo(post: Post, place: Place, settings: Settings) -> Photo | None:
    """Describe the lead photo; its size is known if it is stored here."""
    if not post.photo_url:
        return None
    source = image_source(post.photo_url)
    return Photo(
        url=place.absolute(post.photo_url),
        media_type=_media_type(post.photo_url),
        byte_count=_byte_count(post.photo_url, settings),
        width=source.width,
        height=source.height,
        alt=post.photo_alt,
        caption=post.photo_caption,
        credit=post.photo_credit,
        thumbnail=place.absolute(post.thumbnail) if post.thumbnail else "",
    )


def _media_type(address: str) -> str:
    try:
        found = mimetypes.guess_type(urlsplit(address).path)[0] or ""
    except ValueError:
        found = ""
    return found if found.startswith("image/") else DEFAULT_TYPE


def _byte_count(address: str, settings: Settings) -> int | None:
    if (rendition := parse_address(address)) is None:
        return None
    try:
        return (media_folder(settings) / rendition.path).stat().st_size
    except OSError:
        return None
