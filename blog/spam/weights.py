"""Classify texts by a linear model over hashed features, with integer weights.

A lesson adds `step` times its vector. The model is therefore the pretrained weights plus the sum of all lessons in any
order, and adding a lesson with the opposite sign undoes it exactly. Steps follow dual coordinate descent for a linear
support vector machine (Hsieh et al., ICML 2008); a single step is that of a passive-aggressive learner.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from random import Random

from blog.spam.features import SHAPE, SIGNALS, ParsedText, extract_features

BUCKET_BITS = 17
BUCKET_COUNT = 1 << BUCKET_BITS
SCALE = 1 << 16
"""Fixed-point representation of 1: weights, steps and values are in 65536ths."""

GROUP_LENGTHS = {SHAPE: 0.5}
"""Euclidean length of each group's values; 1 by default. Signals have a fixed value each."""
SIGNAL_VALUE = 0.5
BIAS = "bias"
MAX_STEP = 0.5
"""Maximum total step of one training lesson."""
TRAINING_PASSES = 8

BucketValues = list[tuple[int, int]]
"""Pairs of a bucket and its value in 65536ths."""


def hash_feature(group: int, feature: str) -> int:
    """Hash a feature to its bucket, with the group in higher bits."""
    return group << BUCKET_BITS | zlib.crc32(feature.encode()) & BUCKET_COUNT - 1


def make_vector(text: ParsedText) -> bytes:
    """Pack the hashed features of a text, four bytes each."""
    hashes = {hash_feature(group, feature) for group, feature, _word in extract_features(text)}
    return _pack(hashes | {hash_feature(SIGNALS, BIAS)})


def add_signals(vector: bytes, signals: Iterable[str]) -> bytes:
    """Append the caller's signals to a text's vector."""
    return vector + _pack({hash_feature(SIGNALS, signal) for signal in signals})


def _pack(hashes: set[int]) -> bytes:
    packed = array("I", sorted(hashes))
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack_vector(vector: bytes) -> array[int]:
    """Unpack a vector's hashes, alike on machines of any byte order."""
    hashes = array("I", vector)
    if sys.byteorder == "big":
        hashes.byteswap()
    return hashes


def compute_values(vector: bytes) -> BucketValues:
    """Compute the value of each feature, normalized within its group."""
    hashes = unpack_vector(vector)
    sizes = Counter(number >> BUCKET_BITS for number in hashes)
    by_group = {group: round(SCALE * GROUP_LENGTHS.get(group, 1.0) / sqrt(size)) for group, size in sizes.items()}
    by_group[SIGNALS] = round(SCALE * SIGNAL_VALUE)
    return [(number & BUCKET_COUNT - 1, by_group[number >> BUCKET_BITS]) for number in hashes]


class Weights:
    """Hold one weight for each bucket."""

    def __init__(self, start: Iterable[int] = ()) -> None:
        self.buckets = array("i", start) or array("i", bytes(4 * BUCKET_COUNT))

    def score(self, values: BucketValues, pending: Mapping[int, int] | None = None) -> float:
        """Return the score, above 0 for spam; `pending` are uncommitted changes."""
        weights = self.buckets
        total = sum(weights[bucket] * value for bucket, value in values)
        if pending:
            total += sum(pending.get(bucket, 0) * value for bucket, value in values)
        return total / (SCALE * SCALE)

    def add(self, values: BucketValues, step: int) -> None:
        """Add a lesson; the opposite step undoes it."""
        weights = self.buckets
        for bucket, change in compute_changes(values, step):
            weights[bucket] += change


def compute_changes(values: BucketValues, step: int) -> Iterable[tuple[int, int]]:
    """Compute what a lesson adds to each bucket; -step is the opposite."""
    sign, size = (-1, -step) if step < 0 else (1, step)
    return ((bucket, sign * (size * value // SCALE)) for bucket, value in values)


def compute_step(score: float, values: BucketValues, spam: bool, max_step: float, previous: float = 0.0) -> int:
    """Compute the step that classifies a text with a margin of 1.

    The step is in 65536ths, negative for a text that is no spam. `previous` is the size of the steps already made for
    this text; together they never exceed `max_step`.
    """
    sign = 1 if spam else -1
    squared_length = sum(value * value for _bucket, value in values) / (SCALE * SCALE)
    size = min(max(previous + (1 - sign * score) / squared_length, 0.0), max_step) - previous
    return sign * round(size * SCALE)


def train(lessons: list[tuple[bytes, bool]], passes: int = TRAINING_PASSES, max_step: float = MAX_STEP) -> Weights:
    """Train weights on (vector, spam) pairs alone, independent of their order."""
    weights, random = Weights(), Random(1)  # noqa: S311
    texts = [(compute_values(vector), spam) for vector, spam in sorted(lessons)]
    sizes, order = [0.0] * len(texts), list(range(len(texts)))
    for _pass in range(passes):
        random.shuffle(order)
        for index in order:
            values, spam = texts[index]
            if step := compute_step(weights.score(values), values, spam, max_step, sizes[index]):
                sizes[index] += abs(step) / SCALE * (1 if (step > 0) == spam else -1)
                weights.add(values, step)
    return weights
