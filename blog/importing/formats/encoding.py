"""Feeds in other encodings, read as UTF-8, so that whatever parses them meets one encoding only.

The encoding is found as XML 1.0 says (appendix F): by the first bytes, else by the declaration.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import IO, Any

from blog.errors import Unusable
from blog.importing.formats.atom import Feed

UTF_8 = "utf-8"
HEAD_BYTES = 400
CHUNK = 65_536
# the longer ones first, since one begins with another
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
DECLARED = re.compile(rb"encoding[ \t\r\n]{0,9}=[ \t\r\n]{0,9}[\"']([^\"']{0,300})")
# what markup is written in, and what other codecs take for the start of something else
PLAIN = b"<?xml version='1.0' encoding=\"a\"?><!-- &#x41; +ADw- \\u0041 \\n --></A>"


def in_utf_8(feed: Feed) -> Feed:
    """The same feed in UTF-8; Unusable where it declares an encoding that cannot be read as text."""
    with feed.open() as file:
        head = file.read(HEAD_BYTES)
    encoding = _encoding_of(feed, head)
    if encoding == UTF_8:
        return feed

    def opened() -> IO[bytes]:
        return io.BufferedReader(Recoded(feed, encoding), CHUNK)

    return Feed(feed.name, opened)


def _encoding_of(feed: Feed, head: bytes) -> str:
    """The codec that reads the feed; what declares nothing is UTF-8."""
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    declaration = head.lstrip().partition(b"?>")[0]
    found = DECLARED.search(declaration) if declaration.startswith(b"<?xml") else None
    name = found[1].decode("ascii", "replace") if found else UTF_8
    if not _reads_ascii(name):
        raise Unusable(
            f"{feed.name} declares the encoding “{name[:40]}”, which cannot be read: "
            "save the export once more in UTF-8 and import that."
        )
    return UTF_8 if codecs.lookup(name).name in {UTF_8, "utf-8-sig", "ascii"} else name


def _reads_ascii(name: str) -> bool:
    """Check that a codec reads text and takes ASCII for ASCII: neither UTF-7, nor Python's own such as zip or idna."""
    try:
        return PLAIN.decode(name) == PLAIN.decode("ascii") and codecs.lookup(name).name != "idna"
    except (LookupError, ValueError):
        return False


class Recoded(io.RawIOBase):
    """A feed's bytes decoded from one encoding and encoded in UTF-8. Raises Unusable for what cannot be decoded."""

    def __init__(self, feed: Feed, encoding: str) -> None:
        self._feed, self._encoding, self._file = feed, encoding, feed.open()
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready, self._ended = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            chunk = self._file.read(CHUNK)
            self._ready, self._ended = self._recode(chunk), not chunk
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _recode(self, chunk: bytes) -> bytes:
        try:
            return self._decoder.decode(chunk, final=not chunk).encode()
        except UnicodeError as error:
            raise Unusable(
                f"{self._feed.name} is not written in {self._encoding}, the encoding that it declares, so nothing was "
                "imported: save the export once more in UTF-8 and import that."
            ) from error

    def close(self) -> None:
        self._file.close()
        super().close()
