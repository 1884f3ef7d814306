"""What was rendered lately, kept in this process by everything that it depends on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from markupsafe import Markup


class Memory:
    """HTML by key; beyond `most` characters in all, what was asked for least lately is dropped."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[Hashable, Markup] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, render: Callable[[], Markup]) -> Markup:
        """What stands under `key`, rendered now where nothing does. Two threads may render the same at once."""
        with self._lock:
            if (standing := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return standing
        html = render()
        with self._lock:
            self._size += len(html) - len(self._kept.pop(key, ""))
            self._kept[key] = html
            while self._size > self._most and self._kept:
                self._size -= len(self._kept.popitem(last=False)[1])
        return html
