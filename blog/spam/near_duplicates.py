"""Find near-duplicate texts by bottom-k MinHash of words and word pairs."""

from __future__ import annotations

from collections import Counter

from blog.spam.features import WORDS
from blog.spam.weights import BUCKET_BITS, unpack_vector

SKETCH_SIZE = 12
"""Number of smallest hashes kept of each text (Broder, 1997)."""
MIN_FEATURES = 8
"""Texts with fewer words and pairs have no duplicates, since everybody writes thanks and congratulations."""
MIN_OVERLAP = 0.5
HASH_MULTIPLIER, HASH_MASK = 2_654_435_761, 0xFFFF_FFFF


def make_sketch(vector: bytes) -> tuple[int, ...]:
    """Return the sketch of a vector, empty for a short text."""
    features = (number for number in unpack_vector(vector) if number >> BUCKET_BITS == WORDS)
    hashes = sorted(number * HASH_MULTIPLIER & HASH_MASK for number in features)
    return tuple(hashes[:SKETCH_SIZE]) if len(hashes) >= MIN_FEATURES else ()


class DuplicateIndex:
    """Index the sketches of texts by the caller's ids."""

    def __init__(self) -> None:
        self._sketches: dict[int, tuple[int, ...]] = {}
        self._ids_by_hash: dict[int, list[int]] = {}

    def add(self, text_id: int, vector: bytes) -> None:
        self._sketches[text_id] = make_sketch(vector)
        for value in self._sketches[text_id]:
            self._ids_by_hash.setdefault(value, []).append(text_id)

    def remove(self, text_id: int) -> None:
        for value in self._sketches.pop(text_id, ()):
            self._ids_by_hash[value].remove(text_id)
            if not self._ids_by_hash[value]:
                del self._ids_by_hash[value]

    def count_duplicates(self, vector: bytes) -> int:
        """Count the texts in the index that are near-duplicates of this one."""
        sketch = make_sketch(vector)
        shared = Counter(text_id for value in sketch for text_id in self._ids_by_hash.get(value, ()))
        return sum(
            count >= MIN_OVERLAP * min(len(sketch), len(self._sketches[text_id])) for text_id, count in shared.items()
        )
