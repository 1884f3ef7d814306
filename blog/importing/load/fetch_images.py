"""Pictures that an export brings along, inline or in its albums: kept as files, and shown from there."""

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
from blog.media.sniffing import detect_format, explain_refusal

INLINE = re.compile(r"data:image/([a-z0-9.+-]+)", re.IGNORECASE)
ADDRESS = re2.compile(r"""(?i)\b((?:src|href)\s*=\s*)("[^"]*"|'[^']*')""")
MAX_ADDRESS_LENGTH = 4_000

Keep = Callable[[bytes, str], str]


class ImageNotStored(Exception):
    """Content that is no picture; the sentence that says so."""


def store_image(content: bytes, name: str) -> str:
    """Keep the picture in the media room and return its root-relative address; Unkept for what is none."""
    try:
        return library.save_picture(content, name)
    except library.PictureRefused as error:
        raise ImageNotStored(str(error)) from error


def only_look(content: bytes, name: str) -> str:
    """For a rehearsal: an address with nothing kept at it; Unkept for what does not begin like a picture."""
    if not detect_format(content):
        raise ImageNotStored(str(explain_refusal(content)))
    return f"/media/{name}"


@dataclass(slots=True)
class Pictures:
    """Keeps the pictures of posts. `album` gives what an export brings of an address, `keep` puts it away."""

    album: Callable[[str], bytes | None]
    keep: Keep
    report: Report
    _kept: dict[str, str | None] = field(default_factory=dict)

    def settled(self, post: Post) -> Post:
        """The post, showing from here what the export brought along."""
        self._kept = {}
        body = ADDRESS.sub(lambda found: self._settle(found, post), post.body)
        return replace(post, body=body) if body != post.body else post

    def _settle(self, found: Any, post: Post) -> str:
        whole: str = found[0]
        raw = found[2][1:-1]
        inline = raw[:11].lower() == "data:image/"
        if not inline and ("/" not in raw or len(raw) > MAX_ADDRESS_LENGTH):
            return whole
        address = unescape(raw).strip()
        content = _inline(address) if inline else self.album(address)
        if content is None:
            return whole
        kept = self._address(content, _name(address), post)
        return f'{found[1]}"{escape(kept)}"' if kept else whole

    def _address(self, content: bytes, name: str, post: Post) -> str | None:
        """Where the picture is kept: once, although Blogger has each twice in its post, the small one in a link."""
        key = f"{name}:{hash(content)}"
        if key not in self._kept:
            try:
                self._kept[key] = self.keep(content, name)
                self.report.kept += 1
            except ImageNotStored as error:
                self._kept[key] = None
                self.report.unkept.add(f"{post.path or post.title or post.ref}: {error}")
        return self._kept[key]


def _inline(address: str) -> bytes | None:
    """What a data: address holds; None where that cannot be read."""
    head, comma, data = address.partition(",")
    kind, _, parameters = head.partition(";")
    if not comma or not INLINE.fullmatch(kind):
        return None
    if "base64" not in parameters.lower():
        return unquote_to_bytes(data)
    try:
        written = re.sub(r"\s+", "", unquote(data))
        return base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _name(address: str) -> str:
    if inline := INLINE.match(address):
        return f"picture.{inline[1].lower()}"
    return PurePosixPath(unquote(urlsplit(address).path)).name or "picture"
