"""Detect the format of an export by its content, never its name.

A new format is recognized by its first bytes in `detect_container`, or by the text of its root tag in `check_feed`;
remove it from FOREIGN_SIGNATURES or FOREIGN_ROOTS. Then follow the docstring of `open_export`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile

from blog.errors import Unusable
from blog.importing.formats.atom import Feed, damaged_zip
from blog.importing.formats.encoding import UTF_8, to_utf_8

NOT_ZIP = "feed"
ZIP = "zip"
HEAD_BYTES = 65_536
BLANK_BYTES = b"\xef\xbb\xbf \t\r\n"
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")

# first bytes in lower case, without leading blanks
FOREIGN_SIGNATURES = {
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
# text in the root tag
FOREIGN_ROOTS = {
    "wordpress.org/export/": "a WordPress export",
    "http://disqus.com": "a Disqus export",
    "http://www.w3.org/1999/xhtml": "an HTML page",
}
ACCEPTED_FILES = "use the .xml file that Blogger saves under “Back up content”, or Blogger's .zip from Google Takeout"


class _RootFound(Exception):
    """Stop the parser at the root tag."""


def detect_container(path: Path) -> str:
    """Return ZIP, or NOT_ZIP for what `check_feed` must still check.

    Raises: Unusable if the path is empty, missing or no regular file.
    """
    head = _read_head(path)
    if head.startswith(ZIP_SIGNATURES):
        return ZIP
    if not head.strip():
        raise Unusable(f"{path} is empty: {ACCEPTED_FILES}.")
    return NOT_ZIP


def check_feed(feed: Feed) -> Feed:
    """Return an Atom feed converted to UTF-8.

    Raises: Unusable, in one sentence, if it is something else.
    """
    try:
        feed = to_utf_8(feed)
        with feed.open() as file:
            head = file.read(HEAD_BYTES)
        _check_content(feed, head)
        return feed
    except (BadZipFile, EOFError, zlib.error) as error:
        raise damaged_zip(feed) from error


def _check_content(feed: Feed, head: bytes) -> None:
    for signature, what in FOREIGN_SIGNATURES.items():
        if head.lstrip(BLANK_BYTES).lower().startswith(signature):
            raise _foreign(feed, what)
    root = _read_root(feed, head)
    for mark, what in FOREIGN_ROOTS.items():
        if mark in root:
            raise _foreign(feed, what)
    if root.partition(" ")[0].rpartition(":")[2] != "feed" or "http://www.w3.org/2005/Atom" not in root:
        raise _foreign(feed, f"another kind of XML file, with <{root.partition(' ')[0][:40]}> as its first tag")


def _read_head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Unusable(f"{path} is a folder: {ACCEPTED_FILES}.")
        if not path.exists():
            raise Unusable(f"{path} does not exist: check its name and folder.")
        if not path.is_file():
            raise Unusable(f"{path} is not a regular file, and an import reads it twice: save it to a file first.")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error.strerror}): check its permissions.") from error


def _read_root(feed: Feed, head: bytes) -> str:
    """Return the root tag's name and attribute values.

    Raises: Unusable if the file declares entities, which are never read.
    """
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(" ".join([name, *attributes.values()]))
        raise _RootFound

    def refuse_entity(*_: Any) -> None:
        raise Unusable(
            f"{feed.name} declares entities in a DOCTYPE, which no export needs and which can be harmful, "
            "so it was not read: save the export again and import that."
        )

    def doctype(_name: str, system: str | None, public: str | None, _internal: int) -> None:
        if system or public:
            refuse_entity()

    parser = expat.ParserCreate(UTF_8)
    parser.StartElementHandler, parser.EntityDeclHandler, parser.StartDoctypeDeclHandler = start, refuse_entity, doctype
    try:
        with feed.open() as file:
            parser.ParseFile(file)
    except _RootFound:
        return found[0]
    except expat.ExpatError as error:
        raise _not_xml(feed, head, error) from error
    raise _foreign(feed, "an XML file without a tag")


def _not_xml(feed: Feed, head: bytes, error: expat.ExpatError) -> Unusable:
    if head.lstrip(BLANK_BYTES).startswith(b"<"):
        reason = expat.ErrorString(error.code)
        return Unusable(
            f"{feed.name} looks like XML that is cut off or broken at line {error.lineno} ({reason}), "
            f"so nothing was imported: save the export again and import that."
        )
    return _foreign(feed, "a binary file" if b"\0" in head else "a text file")


def _foreign(feed: Feed, what: str) -> Unusable:
    return Unusable(f"{feed.name} looks like {what}, which cannot be imported: {ACCEPTED_FILES}.")
