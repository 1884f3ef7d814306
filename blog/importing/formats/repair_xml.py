"""Undeclared XML prefixes, as feeds have them that went through another program: declared in the first tag."""

from __future__ import annotations

from typing import IO, Any
from xml.parsers import expat

from blog.importing.formats.atom import Feed

KNOWN = {
    "app": "http://purl.org/atom/app#",
    "blogger": "http://schemas.google.com/blogger/2018",
    "gd": "http://schemas.google.com/g/2005",
    "georss": "http://www.georss.org/georss",
    "media": "http://search.yahoo.com/mrss/",
    "openSearch": "http://a9.com/-/spec/opensearchrss/1.0/",
    "thr": "http://purl.org/syndication/thread/1.0",
}


def declared(feed: Feed, prefix: str) -> Feed:
    """The same feed with `prefix` declared in its first tag, on the same line."""
    place = _end_of_first_name(feed)
    declaration = f' xmlns:{prefix}="{KNOWN.get(prefix, f"urn:undeclared:{prefix}")}"'.encode()

    def opened() -> IO[bytes]:
        spliced: Any = Spliced(feed.open(), place, declaration)
        return spliced  # type: ignore[no-any-return]

    return Feed(feed.name, opened)


class Spliced:
    """A file with some bytes put in at one place."""

    def __init__(self, file: IO[bytes], place: int, inserted: bytes) -> None:
        self._file, self._before, self._inserted = file, place, inserted

    def __enter__(self) -> Spliced:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        if self._before:
            chunk = self._file.read(min(size, self._before))
            self._before -= len(chunk)
            return chunk
        inserted, self._inserted = self._inserted, b""
        return inserted or self._file.read(size)


class _Found(Exception):
    """The first tag."""


def _end_of_first_name(feed: Feed) -> int:
    """How many bytes there are to the end of the first tag's name."""
    found: list[tuple[int, str]] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        found.append((parser.CurrentByteIndex, name))
        raise _Found

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    try:
        with feed.open() as file:
            while chunk := file.read(65_536):
                parser.Parse(chunk)
    except _Found:
        pass
    place, name = found[0]
    return place + len(f"<{name}".encode())
