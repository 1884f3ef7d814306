"""Drop what XML 1.0 forbids from a feed: control characters, and blanks before its declaration.

Bytes that are no UTF-8 are read as Windows-1252, in which editors of text save by mistake. One such character would
make the whole feed unreadable. Lines keep their numbers.
"""

from __future__ import annotations

import re
from io import RawIOBase
from itertools import pairwise
from typing import IO, Any

from blog.importing.formats.atom import Feed

CHUNK_BYTES = 65_536
MAX_TOKEN_BYTES = 80
CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
# U+D800 to U+DFFF, U+FFFE and U+FFFF in UTF-8
NONCHARACTERS = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]|\xef\xbf[\xbe\xbf]")
# references to the same code points, and to those beyond U+10FFFF
FORBIDDEN_REFERENCES = re.compile(
    rb"&#(?:[xX]0{0,30}(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef]|1[1-9a-f][0-9a-f]{4}|[2-9a-f][0-9a-f]{5}"
    rb"|[1-9a-f][0-9a-f]{6,40})?|0{0,30}(?:[0-8]|1[124-9]|2[0-9]|3[01]|5529[6-9]|55[3-9][0-9]{2}|56[0-9]{3}"
    rb"|57[0-2][0-9]{2}|573[0-3][0-9]|5734[0-3]|6553[45]|111411[2-9]|11141[2-9][0-9]|1114[2-9][0-9]{2}"
    rb"|111[5-9][0-9]{3}|11[2-9][0-9]{4}|1[2-9][0-9]{5}|[2-9][0-9]{6}|[1-9][0-9]{7,40})?);",
    re.IGNORECASE,
)
MAX_DROPPED = 10_000
"""More entries than a reader takes at once: it empties the set as it goes."""
ENTRY_START = re.compile(rb"<(?:[\w.-]{1,40}:)?entry(?![\w.:-])")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = BYTE_ORDER_MARK + b" \t\r\n"
# Python reads a byte that is no UTF-8 as one of these surrogates
WINDOWS_1252 = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0x100)}


def drop_forbidden(feed: Feed) -> Feed:
    """Return a feed in UTF-8 without what XML forbids.

    While it is read, `dropped` gets the number of each entry that lost a character, from 1; 0 is before the first.
    """

    def open_filtered() -> IO[bytes]:
        feed.dropped.clear()
        filtered: Any = FilteredStream(feed.open(), feed.dropped)
        return filtered  # type: ignore[no-any-return]

    return Feed(feed.name, open_filtered, feed.dropped)


class FilteredStream(RawIOBase):
    """Read a file without forbidden characters; note the entries that had some."""

    def __init__(self, file: IO[bytes], dropped: set[int]) -> None:
        self._file, self._dropped = file, dropped
        self._ready, self._rest = b"", b""
        self._entry, self._started, self._ended = 0, False, False

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        while not self._ready and not self._ended:
            self._fill()
        chunk, self._ready = self._ready[:size], self._ready[size:]
        return chunk

    def _fill(self) -> None:
        chunk = self._file.read(CHUNK_BYTES)
        self._ended = not chunk
        if not self._started:
            chunk, self._started = _blank_declaration(chunk.lstrip(CONTROLS)), True
        chunk = self._rest + chunk
        end = len(chunk) if self._ended else _find_safe_end(chunk)
        chunk, self._rest = chunk[:end], chunk[end:]
        self._ready = self._filter(chunk)

    def _filter(self, chunk: bytes) -> bytes:
        clean = _clean(chunk)
        entries = [0, *(found.start() for found in ENTRY_START.finditer(chunk)), len(chunk)]
        if clean != chunk:
            for number, (start, end) in enumerate(pairwise(entries), self._entry):
                if len(self._dropped) < MAX_DROPPED and _clean(chunk[start:end]) != chunk[start:end]:
                    self._dropped.add(number)
        self._entry += len(entries) - 2
        return clean


def _clean(chunk: bytes) -> bytes:
    chunk = chunk.translate(None, CONTROLS)
    if b"&#" in chunk:
        chunk = FORBIDDEN_REFERENCES.sub(b"", chunk)
    if b"\xed" in chunk or b"\xef\xbf" in chunk:
        chunk = NONCHARACTERS.sub(b"", chunk)
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return chunk.decode(errors="surrogateescape").translate(WINDOWS_1252).encode()
    return chunk


def _find_safe_end(chunk: bytes) -> int:
    """Find the end of what no later byte can change.

    A tag, a reference or a character may be cut off after it.
    """
    start = max(len(chunk) - MAX_TOKEN_BYTES, 0)
    last = max(chunk.rfind(sign, start) for sign in (b"&", b"<", b"\xed", b"\xef"))
    character = next((back for back in (1, 2, 3) if chunk[-back:][:1] >= b"\xc0"), 0)
    return min(len(chunk) - character, len(chunk) if last < 0 else last)


def _blank_declaration(head: bytes) -> bytes:
    """Replace blanks, and the declaration that may not follow them, by its line ends."""
    text = head.lstrip(BLANKS)
    before = head[: len(head) - len(text)]
    if not before.replace(BYTE_ORDER_MARK, b""):
        return head
    declaration, mark, rest = text.partition(b"?>") if text.startswith(b"<?xml") else (b"", b"", text)
    return b"\n" * (before + declaration).count(b"\n") + rest if mark or text.startswith(b"<") else head
