"""Which texts of those that are known are like another: by sketches of the words and pairs of words in each."""

from __future__ import annotations

from collections import Counter

from blog.spam.features import WORDS
from blog.spam.weights import BITS, numbers

KEPT = 12
"""Of each text the smallest so many of its hashes (Broder, 1997)."""
FEWEST = 8
"""Thanks and congratulations are nobody's own: so many words and pairs a text must have."""
ALIKE = 0.5
MIX, WHOLE = 2_654_435_761, 0xFFFF_FFFF


def sketch(packed: bytes) -> tuple[int, ...]:
    """The sketch of a vector; empty where its text is too short to be like another."""
    hashes = sorted(number * MIX & WHOLE for number in numbers(packed) if number >> BITS == WORDS)
    return tuple(hashes[:KEPT]) if len(hashes) >= FEWEST else ()


class Sketches:
    """Those of many texts, by numbers that whoever adds them gives."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[int, ...]] = {}
        self._by_hash: dict[int, list[int]] = {}

    def add(self, number: int, packed: bytes) -> None:
        self._texts[number] = sketch(packed)
        for one in self._texts[number]:
            self._by_hash.setdefault(one, []).append(number)

    def remove(self, number: int) -> None:
        for one in self._texts.pop(number, ()):
            self._by_hash[one].remove(number)
            if not self._by_hash[one]:
                del self._by_hash[one]

    def like(self, packed: bytes) -> int:
        """How many of them are like the text of this vector."""
        mine = sketch(packed)
        shared = Counter(number for one in mine for number in self._by_hash.get(one, ()))
        return sum(count >= ALIKE * min(len(mine), len(self._texts[number])) for number, count in shared.items())
