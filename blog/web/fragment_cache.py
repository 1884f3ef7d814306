"""What was rendered lately, kept in this process by everything that it depends on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

# stands in HTML where other HTML goes that was made at another time; no text has it, since no database keeps it
PLACE = "\0"


class Kept(NamedTuple):
    """HTML as it is sent, and its digest: a long part of a page, which need not be gone through for each answer."""

    html: bytes
    digest: bytes


NOTHING = Kept(b"", b"")


class Memory:
    """HTML by key; beyond `most` bytes in all, what was asked for least lately is dropped, never the last alone: a page
    that is larger than that would be made anew for each reader.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0

    def get(self, key: Hashable, render: Callable[[], str]) -> Kept:
        """What stands under `key`, rendered now where nothing does. Two threads may render the same at once."""
        with self._lock:
            if (standing := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return standing
        html = render().encode()
        kept = Kept(html, sha256(html).digest())
        with self._lock:
            self._size += len(html) - len(self._kept.pop(key, NOTHING).html)
            self._kept[key] = kept
            while self._size > self._most and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1].html)
        return kept
