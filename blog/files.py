"""Files that ship with the program and files that are kept in the instance: how both are answered for."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO

from flask import Flask, render_template
from markupsafe import Markup

from blog.bridge import Send
from blog.settings import ROOT, Settings

STATIC = ROOT / "static"
YEAR = 365 * 24 * 3600
FOREVER = f"public, max-age={YEAR}, immutable"

# a digest in a folder named after its beginning, and a width: such a file never changes
KEPT = re.compile(
    r"(?P<folder>[0-9a-f]{2})/(?P<digest>(?P=folder)[0-9a-f]{38})-(?P<width>640|1600)\.(?P<extension>jpg|webp)"
)
CHUNK = 1_000_000

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


# once a process: a page names some fifteen, and a file that is replaced under a running server keeps its old
# address, under which nobody is told to keep the new content
@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a file under static/, which changes when the file does."""
    file = find(name)
    return f"/static/{name}?v={file.fingerprint}" if file else f"/static/{name}"


def find(name: str) -> StaticFile | None:
    """The file of this name under static/; None where there is none, or the name leads out of it."""
    path = STATIC / name
    try:
        if ".." in path.parts or "\0" in name or not path.is_file():
            return None
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> StaticFile:
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
    """The kept file of this name, opened; None where there is none."""
    try:
        return (folder / name, (folder / name).open("rb")) if KEPT.fullmatch(name) else None
    except OSError:
        return None


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
