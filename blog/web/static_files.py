"""Serve the program's static files and the instance's images.

No path is taken from a request: static files are listed once and looked up by name; the path of an image is built
from its parsed digest, width and extension.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
import stat
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO

from flask import Flask, Response, abort, make_response, render_template, request
from markupsafe import Markup

from blog.settings import ROOT, Settings
from blog.web.asgi_types import Send

STATIC = ROOT / "static"
YEAR_SECONDS = 365 * 24 * 3600
IMMUTABLE = f"public, max-age={YEAR_SECONDS}, immutable"

# the name holds a digest, so a file never changes under it
MEDIA_NAME = re.compile(
    r"(?P<folder>[0-9a-f]{2})/(?P<digest>(?P=folder)[0-9a-f]{38})-(?P<width>640|1600)\.(?P<extension>jpg|webp)"
)
CHUNK_BYTES = 65_536

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
mimetypes.add_type("image/webp", ".webp")


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    content_type: str
    fingerprint: str

    def headers(self, query: str) -> list[tuple[str, str]]:
        """Return cache headers: a year with the fingerprint, else revalidate."""
        cache_control = IMMUTABLE if query == f"v={self.fingerprint}" else "no-cache"
        return [
            ("Content-Type", self.content_type),
            ("Cache-Control", cache_control),
            ("ETag", f'"{self.fingerprint}"'),
        ]


def init(app: Flask) -> None:
    page_files = lru_cache(maxsize=1)(lambda: Markup(render_template("_files.html")))  # noqa: S704
    app.jinja_env.globals.update(asset=asset, page_files=page_files)
    app.add_url_rule("/static/<path:name>", "static", show_static)


def show_static(name: str) -> Response:
    """Serve a static file; under bin/serve, ASGI does so before Flask."""
    file = static_files().get(name) or abort(404)
    answer = make_response(file.content)
    answer.headers.update(file.headers(request.query_string.decode("latin-1")))
    answer.make_conditional(request)
    return answer


def asset(name: str) -> str:
    """Build the URL of a static file with its fingerprint."""
    file = static_files().get(name)
    return f"/static/{name}?v={file.fingerprint}" if file else f"/static/{name}"


@cache
def static_files() -> dict[str, StaticFile]:
    """Read static/ once per process, by relative path, without symbolic links."""
    return {
        path.relative_to(STATIC).as_posix(): _read(path)
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind == "image/svg+xml"
    return StaticFile(content, f"{kind}; charset=utf-8" if text else kind, blake2b(content, digest_size=6).hexdigest())


def media_folder(settings: Settings) -> Path:
    """Return the folder of the instance's images."""
    return settings.blog_instance / "media"


def media_headers(path: Path) -> list[tuple[str, str]]:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return [("Content-Type", kind), ("Cache-Control", IMMUTABLE), ("ETag", f'"{path.stem}"')]


def open_media_file(folder: Path, name: str) -> tuple[Path, IO[bytes]] | None:
    """Open the image of this name; None if there is none.

    Symbolic links are not followed, and only regular files are read: a pipe would block for ever.
    """
    if (match := MEDIA_NAME.fullmatch(name)) is None:
        return None
    digest, width = bytes.fromhex(match["digest"]).hex(), int(match["width"])
    path = folder / digest[:2] / f"{digest}-{width}.{match['extension']}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return path, os.fdopen(descriptor, "rb")


async def send_media_file(send: Send, file: IO[bytes], headers: list[tuple[str, str]], *, head: bool) -> None:
    """Send a file in chunks read in a thread; for HEAD, headers."""
    size = os.fstat(file.fileno()).st_size
    encoded_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    length = (b"content-length", str(size).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*encoded_headers, length]})
    remaining, more = size, True
    while more:
        chunk = b"" if head else await asyncio.to_thread(file.read, min(CHUNK_BYTES, remaining))
        remaining -= len(chunk)
        more = bool(chunk) and remaining > 0
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
