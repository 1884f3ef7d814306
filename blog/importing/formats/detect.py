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

from blog.importing.export_errors import UnusableExport
from blog.importing.formats.atom import Feed, damaged_zip
from blog.importing.formats.encoding import UTF_8, to_utf_8
from blog.importing.formats.xml_characters import drop_forbidden
from blog.stored_messages import message

NOT_ZIP = "feed"
ZIP = "zip"
HEAD_BYTES = 65_536
BLANK_BYTES = b"\xef\xbb\xbf \t\r\n"
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")

# what a file is, by its first bytes in lower case, without leading blanks; sentences in `export_errors`
FOREIGN_SIGNATURES = {
    b"\x1f\x8b": "gzip",
    b"bzh": "bzip2",
    b"7z\xbc\xaf": "7z",
    b"sqlite format 3": "sqlite",
    b"%pdf": "pdf",
    b"<!doctype html": "html",
    b"<html": "html",
    b"{": "json",
    b"[": "json",
    b"author:": "movable_type",
    b"title:": "movable_type",
}
# text in the root tag
FOREIGN_ROOTS = {
    "wordpress.org/export/": "wordpress",
    "http://disqus.com": "disqus",
    "http://www.w3.org/1999/xhtml": "html",
}


class _RootFound(Exception):
    """Stop the parser at the root tag."""


def detect_container(path: Path) -> str:
    """Return ZIP, or NOT_ZIP for what `check_feed` must still check.

    Raises: UnusableExport if the path is empty, missing or no regular file.
    """
    head = _read_head(path)
    if head.startswith(ZIP_SIGNATURES):
        return ZIP
    if not head.strip():
        raise UnusableExport("empty_file", file=str(path))
    return NOT_ZIP


def check_feed(feed: Feed) -> Feed:
    """Return an Atom feed converted to UTF-8, without what XML forbids.

    Raises: UnusableExport if it is something else.
    """
    try:
        feed = to_utf_8(feed)
        with feed.open() as file:
            head = file.read(HEAD_BYTES)
        feed = drop_forbidden(feed)
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
        raise _foreign(feed, "other_xml", tag=root.partition(" ")[0][:40])


def _read_head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UnusableExport("folder", file=str(path))
        if not path.exists():
            raise UnusableExport("no_file", file=str(path))
        if not path.is_file():
            raise UnusableExport("irregular_file", file=str(path))
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise UnusableExport("unreadable_file", file=str(path), error=error.strerror) from error


def _read_root(feed: Feed, head: bytes) -> str:
    """Return the root tag's name and attribute values.

    Raises: UnusableExport if the file declares entities, which are never read.
    """
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(" ".join([name, *attributes.values()]))
        raise _RootFound

    def refuse_entity(*_: Any) -> None:
        raise UnusableExport("entities", file=feed.name)

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
    raise _foreign(feed, "xml_without_tag")


def _not_xml(feed: Feed, head: bytes, error: expat.ExpatError) -> UnusableExport:
    if head.lstrip(BLANK_BYTES).startswith(b"<"):
        reason = expat.ErrorString(error.code)
        return UnusableExport("cut_off_xml", file=feed.name, line=error.lineno, error=reason)
    return _foreign(feed, "binary" if b"\0" in head else "text")


def _foreign(feed: Feed, what: str, **parameters: str) -> UnusableExport:
    return UnusableExport("foreign_file", file=feed.name, what=[message(what, **parameters)])
