"""What a file looks like, by its beginning and never by its name: something that a reader exists for, or a refusal."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile

from blog.errors import Unusable
from blog.importing.formats.atom import Feed
from blog.importing.formats.encoding import UTF_8, in_utf_8

BLOGGER = "blogger"
TAKEOUT = "takeout"
CHUNK = 65_536
BLANKS = b"\xef\xbb\xbf \t\r\n"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")

# by their first bytes, in small letters and after blanks
BEGINNINGS = {
    b"\x1f\x8b": "a gzip archive",
    b"bzh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"sqlite format 3": "an SQLite database",
    b"%pdf": "a PDF document",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"{": "a JSON file",
    b"[": "a JSON file",
    b"author:": "a Movable Type export",
    b"title:": "a Movable Type export",
}
# by what stands in the first tag
ROOTS = {
    "wordpress.org/export/": "a WordPress export",
    "http://disqus.com": "a Disqus export",
    "http://www.w3.org/1999/xhtml": "an HTML page",
}
WANTED = (
    "give it the .xml file that Blogger's settings save under “Back up content”, or Blogger's .zip of Google Takeout"
)


class _Found(Exception):
    """The first tag, which is all that is looked for."""


def recognise(path: Path) -> str:
    """TAKEOUT for a zip, else BLOGGER, a feed that is still to be checked; Unusable for what is empty or no file."""
    head = _head(path)
    if head.startswith(ZIP):
        return TAKEOUT
    if not head.strip():
        raise Unusable(f"{path} is empty, so there is nothing to import: {WANTED}.")
    return BLOGGER


def check_feed(feed: Feed) -> Feed:
    """`feed` in UTF-8; Unusable, in one sentence, where it does not look like one."""
    try:
        feed = in_utf_8(feed)
        with feed.open() as file:
            head = file.read(CHUNK)
        _check(feed, head)
        return feed
    except (BadZipFile, EOFError, zlib.error) as error:
        raise Unusable(
            f"{feed.name} does not come out of its zip whole, so nothing was imported: download the export once more."
        ) from error


def _check(feed: Feed, head: bytes) -> None:
    for beginning, what in BEGINNINGS.items():
        if head.lstrip(BLANKS).lower().startswith(beginning):
            raise _foreign(feed, what)
    tag = _first_tag(feed, head)
    for mark, what in ROOTS.items():
        if mark in tag:
            raise _foreign(feed, what)
    if tag.partition(" ")[0].rpartition(":")[2] != "feed" or "http://www.w3.org/2005/Atom" not in tag:
        raise _foreign(feed, f"an XML file of another kind, with <{tag.partition(' ')[0][:40]}> as its first tag")


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Unusable(f"{path} is a folder, but the import takes one file: {WANTED}.")
        if not path.exists():
            raise Unusable(f"{path} does not exist: see how the file is called and where it lies.")
        if not path.is_file():
            raise Unusable(f"{path} is no ordinary file, and an import has to read it twice: save it to a file first.")
        with path.open("rb") as file:
            return file.read(CHUNK)
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error.strerror}): see that this user may read it.") from error


def _first_tag(feed: Feed, head: bytes) -> str:
    """The first tag's name and what stands in it; what would declare entities before it is refused unread."""
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(" ".join([name, *attributes.values()]))
        raise _Found

    def declared(*_: Any) -> None:
        raise Unusable(
            f"{feed.name} declares entities in a DOCTYPE, which no export needs and which can be harmful, "
            "so it was not read: save the export once more and import that."
        )

    def doctype(_name: str, system: str | None, public: str | None, _internal: int) -> None:
        if system or public:
            declared()

    parser = expat.ParserCreate(UTF_8)
    parser.StartElementHandler, parser.EntityDeclHandler, parser.StartDoctypeDeclHandler = start, declared, doctype
    try:
        with feed.open() as file:
            parser.ParseFile(file)
    except _Found:
        return found[0]
    except expat.ExpatError as error:
        raise _no_xml(feed, head, error) from error
    raise _foreign(feed, "an XML file without a tag")


def _no_xml(feed: Feed, head: bytes, error: expat.ExpatError) -> Unusable:
    if head.lstrip(BLANKS).startswith(b"<"):
        reason = expat.ErrorString(error.code)
        return Unusable(
            f"{feed.name} looks like XML that is cut off or broken at line {error.lineno} ({reason}), "
            f"so nothing was imported: save the export once more and import that."
        )
    return _foreign(feed, "a binary file" if b"\0" in head else "a text file")


def _foreign(feed: Feed, what: str) -> Unusable:
    return Unusable(f"{feed.name} looks like {what}, which cannot be imported: {WANTED}.")
