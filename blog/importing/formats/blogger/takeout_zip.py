"""Read a blog's feed, settings and pictures from a Google Takeout zip.

Nothing is unpacked to disk. `Comments/` is ignored: it holds the account owner's comments on any blog, and those on
the owner's blog are also in its feed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import re2

from blog.importing.archive import Site
from blog.importing.export_errors import UnusableExport
from blog.importing.formats.atom import Feed
from blog.importing.formats.blogger import blog_settings
from blog.stored_messages import message

BLOG_FEED = re2.compile(r"(?i)(?:^|/)Blogs/([^/]+)/feed\.atom\z")
ANY_FEED = re2.compile(r"(?i)(?:^|/)([^/]+)/feed\.atom\z")
COMMENTS_FEED = re2.compile(r"(?i)(?:^|/)Comments/[^/]+/feed\.atom\z")
ABSOLUTE_PATH = re.compile(r"/|[A-Za-z]:")
ENCRYPTED_FLAG = 0x1
UTF_8_FLAG = 0x800

MAX_ENTRY_BYTES = 16_000_000_000
"""A hundred times the feed of a hundred thousand posts."""
MIN_SUSPECT_BYTES = 64_000_000
MAX_COMPRESSION_RATIO = 400
"""Feeds reach a few dozen; the limit of deflate, reached only by zip bombs, is 1032."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Represent a file in the zip; `name` has forward slashes."""

    name: str
    info: ZipInfo


class TakeoutZip:
    """Represent an open Takeout zip.

    Raises: UnusableExport if the zip is broken or malicious.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, ValueError, NotImplementedError) as error:
            raise UnusableExport("broken_zip", file=str(path)) from error
        self.entries = [Entry(_entry_path(info), info) for info in self._zip.infolist()]
        self._refuse_malicious()

    def _refuse_malicious(self) -> None:
        unpacked_size = sum(entry.info.file_size for entry in self.entries)
        for entry in self.entries:
            if ABSOLUTE_PATH.match(entry.name) or ".." in entry.name.split("/"):
                raise self._refusal("outside_path", entry=entry.name[:80])
            too_large = entry.info.file_size > MAX_ENTRY_BYTES
            if too_large or _is_bomb(entry.info.file_size, entry.info.compress_size):
                raise self._refusal("huge_entry", entry=entry.name[:80])
        if _is_bomb(unpacked_size, self.path.stat().st_size):
            raise self._refusal("huge_zip")

    def _refusal(self, code: str, **parameters: str) -> UnusableExport:
        return UnusableExport("unusual_zip", file=str(self.path), problem=[message(code, **parameters)])

    def list_feeds(self) -> list[Entry]:
        """Return the feeds of all blogs, sorted by path."""
        found = [entry for entry in self.entries if BLOG_FEED.search(entry.name)]
        found = found or [
            entry for entry in self.entries if ANY_FEED.search(entry.name) and not COMMENTS_FEED.search(entry.name)
        ]
        return sorted(found, key=lambda entry: entry.name)

    def choose_feed(self, title: str) -> Entry:
        """Return the feed of the blog called `title`, or the only feed.

        Raises: UnusableExport, with the names of all blogs, if the choice is not clear.
        """
        feeds = self.list_feeds()
        if not feeds:
            raise UnusableExport("no_feed", file=str(self.path))
        matches = [feed for feed in feeds if not title or _matches(title, {_folder_name(feed), self._title(feed)})]
        if len(matches) == 1:
            return matches[0]
        names = ", ".join(f"“{_folder_name(feed)}”" for feed in feeds)
        if title:
            raise UnusableExport("not_one_blog", file=str(self.path), title=title, names=names)
        raise UnusableExport("several_blogs", file=str(self.path), names=names)

    def read_site(self, feed: Entry) -> Site | None:
        """Read the blog's settings, which are beside its feed."""
        name = f"{feed.name.rpartition('/')[0]}/settings.csv"
        settings = next((entry for entry in self.entries if entry.name == name), None)
        if settings is None:
            return None
        return blog_settings.parse_settings(self.read(settings, blog_settings.MAX_SETTINGS_BYTES) or b"")

    def as_feed(self, entry: Entry) -> Feed:
        return Feed([message("file_in_zip", file=entry.name, zip=str(self.path))], lambda: self.open(entry))

    def open(self, entry: Entry) -> IO[bytes]:
        """Open an entry as a stream, limited to its claimed size."""
        if entry.info.flag_bits & ENCRYPTED_FLAG or entry.info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise self._refusal("odd_packing", entry=entry.name[:80])
        return self._zip.open(entry.info)

    def read(self, entry: Entry, max_bytes: int) -> bytes | None:
        """Return an entry's content, or None if too large or broken."""
        if entry.info.file_size > max_bytes:
            return None
        try:
            with self.open(entry) as file:
                return file.read()
        except (BadZipFile, EOFError, zlib.error):
            return None

    def in_folder(self, folder: str) -> Iterator[Entry]:
        """Yield the files in the subfolders of all folders of this name."""
        inside = re2.compile(rf"(?i)(?:^|/){re2.escape(folder)}/[^/]+/[^/]+\z")
        yield from (entry for entry in self.entries if inside.search(entry.name))

    def _title(self, feed: Entry) -> str:
        site = self.read_site(feed)
        return site.title if site else ""


def _entry_path(info: ZipInfo) -> str:
    """Return the entry's path in UTF-8, even without the UTF-8 flag."""
    name = info.filename
    if not info.flag_bits & UTF_8_FLAG:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = info.filename
    return name.replace("\\", "/")


def _is_bomb(unpacked_size: int, packed_size: int) -> bool:
    return unpacked_size > MIN_SUSPECT_BYTES and unpacked_size > MAX_COMPRESSION_RATIO * max(packed_size, 1)


def _folder_name(feed: Entry) -> str:
    return feed.name.split("/")[-2]


def _matches(title: str, names: set[str]) -> bool:
    return " ".join(title.split()).casefold() in {" ".join(name.split()).casefold() for name in names}
