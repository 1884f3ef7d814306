"""Cache rendered HTML fragments in this process, least recently used first out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

# marks where a cached fragment goes in a page; no text contains NUL, since the database drops it
CACHE_PLACEHOLDER = "\0"


class CachedFragment(NamedTuple):
    """Hold encoded HTML and its digest, computed once."""

    html: bytes
    digest: bytes


EMPTY_FRAGMENT = CachedFragment(b"", b"")


class FragmentCache:
    """Store fragments by key, up to `max_bytes` in all.

    The newest one stays even if it is larger, or every reader would render it again.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._size = max_bytes, 0
        self._fragments: OrderedDict[Hashable, CachedFragment] = OrderedDict()
        self._lock = Lock()

    def clear(self) -> None:
        with self._lock:
            self._fragments.clear()
            self._size = 0

    def get(self, key: Hashable, render: Callable[[], str]) -> CachedFragment:
        """Return the fragment of `key`, rendered on a miss."""
        with self._lock:
            if (cached := self._fragments.get(key)) is not None:
                self._fragments.move_to_end(key)
                return cached
        html = render().encode()
        fragment = CachedFragment(html, sha256(html).digest())
        with self._lock:
            self._size += len(html) - len(self._fragments.pop(key, EMPTY_FRAGMENT).html)
            self._fragments[key] = fragment
            while self._size > self._max_bytes and len(self._fragments) > 1:
                self._size -= len(self._fragments.popitem(last=False)[1].html)
        return fragment
