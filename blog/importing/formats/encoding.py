"""Convert feeds in other encodings to UTF-8.

The encoding is detected as in XML 1.0, appendix F: by the first bytes, else by the declaration.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import IO, Any

from blog.importing.export_errors import UnusableExport
from blog.importing.formats.atom import Feed

UTF_8 = "utf-8"
HEAD_BYTES = 400
CHUNK_BYTES = 65_536
# longer signatures first, since some begin with a shorter one
SIGNATURES = {
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
DECLARED_ENCODING = re.compile(rb"encoding[ \t\r\n]{0,9}=[ \t\r\n]{0,9}[\"']([^\"']{0,300})")
# markup, and sequences that other codecs read as escapes
ASCII_SAMPLE = b"<?xml version='1.0' encoding=\"a\"?><!-- &#x41; +ADw- \\u0041 \\n --></A>"


def to_utf_8(feed: Feed) -> Feed:
    """Return the same feed in UTF-8.

    Raises: UnusableExport if it declares an encoding that is no text encoding.
    """
    with feed.open() as file:
        head = file.read(HEAD_BYTES)
    encoding = _detect_encoding(feed, head)
    if encoding == UTF_8:
        return feed

    def open_recoded() -> IO[bytes]:
        return io.BufferedReader(RecodedStream(feed, encoding), CHUNK_BYTES)

    return Feed(feed.name, open_recoded)


def _detect_encoding(feed: Feed, head: bytes) -> str:
    """Return the codec of the feed; UTF-8 is the default."""
    for signature, encoding in SIGNATURES.items():
        if head.startswith(signature):
            return encoding
    declaration = head.lstrip().partition(b"?>")[0]
    found = DECLARED_ENCODING.search(declaration) if declaration.startswith(b"<?xml") else None
    name = found[1].decode("ascii", "replace") if found else UTF_8
    if not _is_ascii_compatible(name):
        raise UnusableExport("unknown_encoding", file=feed.name, encoding=name[:40])
    return UTF_8 if codecs.lookup(name).name in {UTF_8, "utf-8-sig", "ascii"} else name


def _is_ascii_compatible(name: str) -> bool:
    """Check that a codec decodes ASCII as ASCII.

    UTF-7 does not, and neither do Python's own codecs such as zip or idna.
    """
    try:
        return ASCII_SAMPLE.decode(name) == ASCII_SAMPLE.decode("ascii") and codecs.lookup(name).name != "idna"
    except (LookupError, ValueError):
        return False


class RecodedStream(io.RawIOBase):
    """Decode a feed from one encoding and encode it in UTF-8.

    Raises: UnusableExport at bytes that cannot be decoded.
    """

    def __init__(self, feed: Feed, encoding: str) -> None:
        self._feed, self._encoding, self._file = feed, encoding, feed.open()
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready, self._ended = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            chunk = self._file.read(CHUNK_BYTES)
            self._ready, self._ended = self._recode(chunk), not chunk
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _recode(self, chunk: bytes) -> bytes:
        try:
            return self._decoder.decode(chunk, final=not chunk).encode()
        except UnicodeError as error:
            raise UnusableExport("wrong_encoding", file=self._feed.name, encoding=self._encoding) from error

    def close(self) -> None:
        self._file.close()
        super().close()
