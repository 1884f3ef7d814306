"""Store the pictures that an export contains, inline or in albums."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape, unescape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import re2

from blog.importing.archive import Post
from blog.importing.report import Report
from blog.media import library
from blog.media.picture_errors import PictureRefused
from blog.media.sniffing import detect_format, refusal_code
from blog.stored_messages import message

DATA_IMAGE = re.compile(r"data:image/([a-z0-9.+-]+)", re.IGNORECASE)
URL_ATTRIBUTE = re2.compile(r"""(?i)\b((?:src|href)\s*=\s*)("[^"]*"|'[^']*')""")
MAX_URL_LENGTH = 4_000

StorePicture = Callable[[bytes, str], str]


def store_picture(content: bytes, name: str) -> str:
    """Store a picture and return its path.

    Raises: PictureRefused if the content is no picture.
    """
    return library.save_picture(content, name)


def check_picture(content: bytes, name: str) -> str:
    """Check a picture for a dry run and return a path.

    Raises: PictureRefused if the content does not begin like a picture.
    """
    if not detect_format(content):
        raise PictureRefused(refusal_code(content))
    return f"/media/{name}"


@dataclass(slots=True)
class PictureImporter:
    """Store the pictures of posts and replace their URLs.

    `find_picture` returns the content that the export has for a URL; `store` saves it and returns its path.
    """

    find_picture: Callable[[str], bytes | None]
    store: StorePicture
    report: Report
    _paths: dict[str, str | None] = field(default_factory=dict)

    def with_local_pictures(self, post: Post) -> Post:
        """Return the post with its pictures stored here."""
        self._paths = {}
        body = URL_ATTRIBUTE.sub(lambda found: self._replace_url(found, post), post.body)
        return replace(post, body=body) if body != post.body else post

    def _replace_url(self, found: Any, post: Post) -> str:
        whole: str = found[0]
        raw = found[2][1:-1]
        inline = raw[:11].lower() == "data:image/"
        if not inline and ("/" not in raw or len(raw) > MAX_URL_LENGTH):
            return whole
        url = unescape(raw).strip()
        content = _decode_data_url(url) if inline else self.find_picture(url)
        if content is None:
            return whole
        path = self._store_once(content, _file_name(url), post)
        return f'{found[1]}"{escape(path)}"' if path else whole

    def _store_once(self, content: bytes, name: str, post: Post) -> str | None:
        """Store a picture at its first use and return its path.

        Blogger writes each picture twice into a post: a small one inside a link to the large one.
        """
        key = f"{name}:{hash(content)}"
        if key not in self._paths:
            try:
                self._paths[key] = self.store(content, name)
                self.report.stored_pictures += 1
            except PictureRefused as error:
                self._paths[key] = None
                place = post.path or post.title or post.ref
                self.report.rejected_pictures.add(message("rejected_picture", place=place, why=[error.message]))
        return self._paths[key]


def _decode_data_url(url: str) -> bytes | None:
    """Return the content of a data: URL (RFC 2397), if well-formed."""
    head, comma, data = url.partition(",")
    kind, _, parameters = head.partition(";")
    if not comma or not DATA_IMAGE.fullmatch(kind):
        return None
    if "base64" not in parameters.lower():
        return unquote_to_bytes(data)
    try:
        encoded = re.sub(r"\s+", "", unquote(data))
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _file_name(url: str) -> str:
    if inline := DATA_IMAGE.match(url):
        return f"picture.{inline[1].lower()}"
    return PurePosixPath(unquote(urlsplit(url).path)).name or "picture"
