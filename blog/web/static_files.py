"""Serve the program's static files and the instance's images.

Pages link static files below a hash of them all, so that they may be cached for ever and the relative imports of
scripts stay within one release. No path is taken from a request: static files are listed once and looked up by name;
the path of an image is built from its parsed digest, width and extension.
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

TREE_HASH_BYTES = 6
TREE_HASH = re.compile(rf"[0-9a-f]{{{2 * TREE_HASH_BYTES}}}")

# the name holds a digest, so a file never changes under it
MEDIA_NAME = re.compile(
    r"(?P<folder>[0-9a-f]{2})/(?P<digest>(?P=folder)[0-9a-f]{38})-(?P<width>640|1600)\.(?P<extension>jpg|webp)"
)
CHUNK_BYTES = 65_536

# the stylesheets of each kind of page, in their order; the first one orders the layers
SHEETS = {
    "list": ("base", "masthead", "list", "print"),
    "archive": ("base", "masthead", "archive", "print"),
    "post": (
        *("base", "masthead", "prose", "imported", "list", "post", "thread", "response", "form", "notices"),
        *("reader", "author_actions", "reactions", "keys", "print"),
    ),
    "subscribe": ("base", "masthead", "prose", "notices", "subscribe", "print"),
    "desk": (
        *("base", "masthead", "prose", "form", "notices", "desk", "desk-lists", "desk-forms", "desk-sections"),
        *("desk-comment", "desk-decisions", "desk-log", "queue", "keys", "post_form", "overview", "import"),
    ),
}

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
mimetypes.add_type("image/webp", ".webp")


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    content_type: str
    fingerprint: str

    def headers(self, cache_control: str) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.content_type),
            ("Cache-Control", cache_control),
            ("ETag", f'"{self.fingerprint}"'),
        ]


def init(app: Flask) -> None:
    # rendered once per kind of page: saves 8 % of a post page
    page_files = lru_cache(maxsize=len(SHEETS))(lambda kind: Markup(render_template("_files.html", kind=kind)))  # noqa: S704
    app.jinja_env.globals.update(asset=asset, page_files=page_files)
    app.add_url_rule("/static/<path:name>", "static", show_static)


def show_static(name: str) -> Response:
    """Serve a static file; under bin/serve, ASGI does so before Flask."""
    file, cache_control = find_static_file(name) or abort(404)
    answer = make_response(file.content)
    answer.headers.update(file.headers(cache_control))
    answer.make_conditional(request)
    return answer


def asset(name: str) -> str:
    """Build the URL of a static file below the hash of them all."""
    return f"/static/{tree_hash()}/{name}"


def find_static_file(path: str) -> tuple[StaticFile, str] | None:
    """Find the file of `<name>` or `<hash>/<name>`, and its Cache-Control.

    A page from before an upgrade asks below the old hash. It gets the present file, which it must not store.
    """
    prefix, _, name = path.partition("/")
    if TREE_HASH.fullmatch(prefix) is None:
        prefix, name = "", path
    if (file := static_files().get(name)) is None:
        return None
    return file, IMMUTABLE if prefix == tree_hash() else "no-cache"


@cache
def tree_hash() -> str:
    """Hash the names and contents of all static files."""
    names = "".join(f"{name}\0{file.fingerprint}\0" for name, file in static_files().items())
    return blake2b(names.encode(), digest_size=TREE_HASH_BYTES).hexdigest()


@cache
def static_files() -> dict[str, StaticFile]:
    """Read static/ once per process, by relative path, without symbolic links.

    The stylesheets of each kind of page are joined to one, such as css/pages/list.css.
    """
    contents = {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    for kind, sheets in SHEETS.items():
        contents[f"css/pages/{kind}.css"] = b"".join(contents[f"css/{sheet}.css"] for sheet in sheets)
    return {name: _static_file(name, content) for name, content in contents.items()}


def _static_file(name: str, content: bytes) -> StaticFile:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
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
