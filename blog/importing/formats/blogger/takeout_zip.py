"""The zip of Google Takeout: which blogs are in it, and one of them with its settings and its pictures.

Nothing is unpacked to the disk: what is read is read out of the zip. `Comments/` holds what the account's owner wrote
anywhere, and of the own blog the same comments as its feed, so it is not looked at.
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

from blog.errors import Unusable
from blog.importing.archive import Site
from blog.importing.formats.atom import Feed
from blog.importing.formats.blogger import blog_settings

BLOG = re2.compile(r"(?i)(?:^|/)Blogs/([^/]+)/feed\.atom\z")
OTHER_BLOG = re2.compile(r"(?i)(?:^|/)([^/]+)/feed\.atom\z")
COMMENTS = re2.compile(r"(?i)(?:^|/)Comments/[^/]+/feed\.atom\z")
FROM_THE_TOP = re.compile(r"/|[A-Za-z]:")
ENCRYPTED = 0x1
NAMED_IN_UTF_8 = 0x800

LARGEST = 16_000_000_000
"""Bytes of one entry: a hundred times the feed of a hundred thousand posts."""
SUSPECT = 64_000_000
DENSEST = 400
"""How many bytes one may stand for. Feeds reach a few dozen; deflate's utmost, which is made on purpose, is 1032."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the zip; `name` with plain slashes."""

    name: str
    info: ZipInfo


class Takeout:
    """An open Takeout. Raises Unusable, in one sentence, where the zip is broken or is made to do harm."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, ValueError, NotImplementedError) as error:
            raise Unusable(
                f"{path} is a zip that is cut off or broken, so nothing was imported: download it once more."
            ) from error
        self.entries = [Entry(_name(info), info) for info in self._zip.infolist()]
        self._refuse_harm()

    def _refuse_harm(self) -> None:
        claimed = sum(entry.info.file_size for entry in self.entries)
        for entry in self.entries:
            if FROM_THE_TOP.match(entry.name) or ".." in entry.name.split("/"):
                raise self._refused(f"holds “{entry.name[:80]}”, a path that leads out of it")
            if entry.info.file_size > LARGEST or _dense(entry.info.file_size, entry.info.compress_size):
                raise self._refused(f"holds “{entry.name[:80]}”, which claims to be absurdly large when unpacked")
        if _dense(claimed, self.path.stat().st_size):
            raise self._refused("claims to be absurdly large when unpacked")

    def _refused(self, what: str) -> Unusable:
        return Unusable(f"{self.path} {what}, as no Takeout is, so nothing of it was read: download it once more.")

    def feeds(self) -> list[Entry]:
        """The feeds of the blogs, by the names of their folders."""
        found = [entry for entry in self.entries if BLOG.search(entry.name)]
        found = found or [
            entry for entry in self.entries if OTHER_BLOG.search(entry.name) and not COMMENTS.search(entry.name)
        ]
        return sorted(found, key=lambda entry: entry.name)

    def chosen(self, title: str) -> Entry:
        """The feed of the blog called `title`, or of the only one; else Unusable, with the names of all."""
        feeds = self.feeds()
        if not feeds:
            raise Unusable(
                f"{self.path} is a zip without a Blogs/…/feed.atom in it: in Google Takeout choose Blogger, "
                "and import the zip that it makes."
            )
        wanted = [feed for feed in feeds if not title or _same(title, {_folder(feed), self._title(feed)})]
        if len(wanted) == 1:
            return wanted[0]
        names = ", ".join(f"“{_folder(feed)}”" for feed in feeds)
        asked = f"none that is called “{title}” alone" if title else "several"
        raise Unusable(f"{self.path} holds these blogs, {asked}, so say which with --blog TITLE: {names}.")

    def site(self, feed: Entry) -> Site | None:
        """What the settings beside `feed` say of the blog."""
        name = f"{feed.name.rpartition('/')[0]}/settings.csv"
        settings = next((entry for entry in self.entries if entry.name == name), None)
        return blog_settings.site_of(self.content(settings, blog_settings.MOST) or b"") if settings else None

    def feed(self, entry: Entry) -> Feed:
        return Feed(f"{entry.name} in {self.path}", lambda: self.open(entry))

    def open(self, entry: Entry) -> IO[bytes]:
        """The entry's content as a stream, which ends where it claims to end."""
        if entry.info.flag_bits & ENCRYPTED or entry.info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise self._refused(f"holds “{entry.name[:80]}” encrypted or packed in an unusual way")
        return self._zip.open(entry.info)

    def content(self, entry: Entry, most: int) -> bytes | None:
        """The entry's whole content; None where that is more than `most` bytes, or broken."""
        if entry.info.file_size > most:
            return None
        try:
            with self.open(entry) as file:
                return file.read()
        except (BadZipFile, EOFError, zlib.error):
            return None

    def within(self, folder: str) -> Iterator[Entry]:
        """The files in the folders within a folder of this name, at any depth."""
        inside = re2.compile(rf"(?i)(?:^|/){re2.escape(folder)}/[^/]+/[^/]+\z")
        yield from (entry for entry in self.entries if inside.search(entry.name))

    def _title(self, feed: Entry) -> str:
        site = self.site(feed)
        return site.title if site else ""


def _name(info: ZipInfo) -> str:
    """The entry's path; programs that forget to say so write it in UTF-8 all the same."""
    name = info.filename
    if not info.flag_bits & NAMED_IN_UTF_8:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = info.filename
    return name.replace("\\", "/")


def _dense(large: int, small: int) -> bool:
    return large > SUSPECT and large > DENSEST * max(small, 1)


def _folder(feed: Entry) -> str:
    return feed.name.split("/")[-2]


def _same(title: str, names: set[str]) -> bool:
    return " ".join(title.split()).casefold() in {" ".join(name.split()).casefold() for name in names}
