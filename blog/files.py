"""Files that ship with the program: their fingerprints, and how the shell answers for them."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from flask import Flask, url_for

from blog.settings import ROOT

STATIC = ROOT / "static"
YEAR = 365 * 24 * 3600

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
        kept = f"public, max-age={YEAR}, immutable" if query == f"v={self.fingerprint}" else "no-cache"
        return [("Content-Type", self.content_type), ("Cache-Control", kept), ("ETag", f'"{self.fingerprint}"')]


def init(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a file under static/, which changes when the file does."""
    file = find(name)
    return url_for("static", filename=name, v=file.fingerprint if file else None)


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
