"""Declare the XML prefixes that a feed uses without declaring them.

Some programs drop the declarations when they rewrite a feed.
"""

from __future__ import annotations

from io import RawIOBase
from typing import IO, Any
from xml.parsers import expat

from blog.importing.formats.atom import Feed

CHUNK_BYTES = 65_536
KNOWN_NAMESPACES = {
    "app": "http://purl.org/atom/app#",
    "blogger": "http://schemas.google.com/blogger/2018",
    "gd": "http://schemas.google.com/g/2005",
    "georss": "http://www.georss.org/georss",
    "media": "http://search.yahoo.com/mrss/",
    "openSearch": "http://a9.com/-/spec/opensearchrss/1.0/",
    "thr": "http://purl.org/syndication/thread/1.0",
}


def declare_prefix(feed: Feed, prefix: str) -> Feed:
    """Return the feed with `prefix` declared in its root tag.

    No line break is added, so line numbers stay right.
    """
    position = _find_root_name_end(feed)
    declaration = f' xmlns:{prefix}="{KNOWN_NAMESPACES.get(prefix, f"urn:undeclared:{prefix}")}"'.encode()

    def open_spliced() -> IO[bytes]:
        spliced: Any = SplicedStream(feed.open(), position, declaration)
        return spliced  # type: ignore[no-any-return]

    return Feed(feed.name, open_spliced, feed.dropped)


class SplicedStream(RawIOBase):
    """Read a file with some bytes inserted at one position."""

    def __init__(self, file: IO[bytes], position: int, inserted: bytes) -> None:
        self._file, self._before, self._inserted = file, position, inserted

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        if self._before:
            chunk = self._file.read(min(size, self._before))
            self._before -= len(chunk)
            return chunk
        inserted, self._inserted = self._inserted, b""
        return inserted or self._file.read(size)


class _RootFound(Exception):
    """Stop the parser at the root tag."""


def _find_root_name_end(feed: Feed) -> int:
    """Return the position, in bytes, after the root tag's name."""
    found: list[tuple[int, str]] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        found.append((parser.CurrentByteIndex, name))
        raise _RootFound

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    try:
        with feed.open() as file:
            while chunk := file.read(CHUNK_BYTES):
                parser.Parse(chunk)
    except _RootFound:
        pass
    position, name = found[0]
    return position + len(f"<{name}".encode())
