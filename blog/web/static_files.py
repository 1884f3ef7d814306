"""Serve the program's static files and the instance's pictures.

No file path is built from a request: static files are listed once and looked up by name, and the name of a picture is
put together from a digest, a width and an extension, each of which was parsed before.
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
YEAR = 365 * 24 * 3600
FOREVER = f"public, max-age={YEAR}, immutable"

# a digest in a folder named after its beginning, and a width: such a file never changes
KEPT = re.compile(
    r"(?P<folder>[0-9a-f]{2})/(?P<digest>(?P=folder)[0-9a-f]{38})-(?P<width>640|1600)\.(?P<extension>jpg|webp)"
)
CHUNK = 65_536

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
mimetypes.add_type("image/webp", ".webp")


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    content_type: str
    fingerprint: str

    def headers(self, query: str) -> list[tuple[str, str]]:
        """To be kept for a year where the address carries the fingerprint, else to be asked for each time."""
        kept = FOREVER if query == f"v={self.fingerprint}" else "no-cache"
        return [("Content-Type", self.content_type), ("Cache-Control", kept), ("ETag", f'"{self.fingerprint}"')]


def init(app: Flask) -> None:
    page_files = lru_cache(maxsize=1)(lambda: Markup(render_template("_files.html")))  # noqa: S704
    app.jinja_env.globals.update(asset=asset, page_files=page_files)
    app.add_url_rule("/static/<path:name>", "static", show_static)


def show_static(name: str) -> Response:
    """Answer for a static file under a plain WSGI server; bin/serve answers before Flask."""
    file = static_files().get(name) or abort(404)
    answer = make_response(file.content)
    answer.headers.update(file.headers(request.query_string.decode("latin-1")))
    answer.make_conditional(request)
    return answer


def asset(name: str) -> str:
    """Build the address of a static file, which changes when the file does."""
    file = static_files().get(name)
    return f"/static/{name}?v={file.fingerprint}" if file else f"/static/{name}"


@cache
def static_files() -> dict[str, StaticFile]:
    """Read static/ once a process, by path below it. Symbolic links are left out: they may lead anywhere."""
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
    """Where the instance keeps pictures."""
    return settings.blog_instance / "media"


def kept_headers(place: Path) -> list[tuple[str, str]]:
    kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
    return [("Content-Type", kind), ("Cache-Control", FOREVER), ("ETag", f'"{place.stem}"')]


def open_kept(folder: Path, name: str) -> tuple[Path, IO[bytes]] | None:
    """Open the picture of this name; None where there is none.

    A symbolic link is not followed, and what is not a regular file is not opened for long: a pipe would wait for ever.
    """
    if (match := KEPT.fullmatch(name)) is None:
        return None
    digest, width = bytes.fromhex(match["digest"]).hex(), int(match["width"])
    place = folder / digest[:2] / f"{digest}-{width}.{match['extension']}"
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return place, os.fdopen(descriptor, "rb")


async def send_kept(send: Send, file: IO[bytes], headers: list[tuple[str, str]], *, head: bool) -> None:
    """Send a file and never hold more of it than one chunk; for HEAD its headers only. The disk is waited for aside."""
    size = os.fstat(file.fileno()).st_size
    standing = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    length = (b"content-length", str(size).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*standing, length]})
    left, more = size, True
    while more:
        chunk = b"" if head else await asyncio.to_thread(file.read, min(CHUNK, left))
        left -= len(chunk)
        more = bool(chunk) and left > 0
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
