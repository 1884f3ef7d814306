"""Weights of hashed features, and lessons that move them: a linear classifier, kept as integers.

A lesson adds `step` times its vector, so what was learned is start + the sum of all lessons, in any order, and taking a
lesson back is adding the same with the other sign. Steps are those of dual coordinate descent for a linear support
vector machine (Hsieh et al., ICML 2008); a single one is that of a passive-aggressive learner.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from random import Random

from blog.spam.features import SHAPE, SIGNS, Reading, features

BITS = 17
BUCKETS = 1 << BITS
ONE = 1 << 16
"""What stands for 1: weights, steps and values are whole numbers of its parts."""

SIZES = {SHAPE: 0.5}
"""How long each group of features is, together; 1 where nothing is said. Signs count by themselves."""
OF_A_SIGN = 0.5
BIAS = "bias"
MOST = 0.5
"""How far one lesson of a training set may go."""
PASSES = 8

Values = list[tuple[int, int]]
"""Buckets with values in 65536ths."""


def hashed(group: int, feature: str) -> int:
    """The bucket of a feature with its group above it, as vectors hold it."""
    return group << BITS | zlib.crc32(feature.encode()) & BUCKETS - 1


def vector(reading: Reading) -> bytes:
    """All features of a text, four bytes each."""
    return _packed({hashed(group, feature) for group, feature, _word in features(reading)} | {hashed(SIGNS, BIAS)})


def signed(packed: bytes, signs: Iterable[str]) -> bytes:
    """A text's vector with the signs that whoever asks knows of it."""
    return packed + _packed({hashed(SIGNS, sign) for sign in signs})


def _packed(found: set[int]) -> bytes:
    packed = array("I", sorted(found))
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def numbers(packed: bytes) -> array[int]:
    """What `vector` packed; the same on every machine."""
    found = array("I", packed)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def values(packed: bytes) -> Values:
    found = numbers(packed)
    sizes = Counter(number >> BITS for number in found)
    of = {group: round(ONE * SIZES.get(group, 1.0) / sqrt(size)) for group, size in sizes.items()}
    of[SIGNS] = round(ONE * OF_A_SIGN)
    return [(number & BUCKETS - 1, of[number >> BITS]) for number in found]


class Weights:
    """One number for each bucket."""

    def __init__(self, start: Iterable[int] = ()) -> None:
        self.all = array("i", start) or array("i", bytes(4 * BUCKETS))

    def score(self, some: Values, over: Mapping[int, int] | None = None) -> float:
        """Above 0 the further, the more it is like what is unwanted. `over` are changes that do not stand yet."""
        weights = self.all
        total = sum(weights[bucket] * value for bucket, value in some)
        if over:
            total += sum(over.get(bucket, 0) * value for bucket, value in some)
        return total / (ONE * ONE)

    def add(self, some: Values, step: int) -> None:
        """Take a lesson, or with the other sign take it back."""
        weights = self.all
        for bucket, change in changes(some, step):
            weights[bucket] += change


def changes(some: Values, step: int) -> Iterable[tuple[int, int]]:
    """What a lesson changes; with -step exactly the opposite."""
    sign, size = (-1, -step) if step < 0 else (1, step)
    return ((bucket, sign * (size * value // ONE)) for bucket, value in some)


def step_for(score: float, some: Values, unwanted: bool, most: float, before: float = 0.0) -> int:
    """How far a lesson goes from `score`, so that it would be told right with some distance; at most so far.

    `before` is how far it went already, as an amount; what is given goes on from there, in 65536ths, and less than 0
    where the text is wanted.
    """
    way = 1 if unwanted else -1
    length = sum(value * value for _bucket, value in some) / (ONE * ONE)
    amount = min(max(before + (1 - way * score) / length, 0.0), most) - before
    return way * round(amount * ONE)


def trained(lessons: list[tuple[bytes, bool]], passes: int = PASSES, most: float = MOST) -> Weights:
    """Weights learned from nothing but these texts, which are gone through so many times: the same in any order."""
    weights, chance = Weights(), Random(1)  # noqa: S311
    some = [(values(packed), unwanted) for packed, unwanted in sorted(lessons)]
    amounts, order = [0.0] * len(some), list(range(len(some)))
    for _pass in range(passes):
        chance.shuffle(order)
        for place in order:
            x, unwanted = some[place]
            if step := step_for(weights.score(x), x, unwanted, most, amounts[place]):
                amounts[place] += abs(step) / ONE * (1 if (step > 0) == unwanted else -1)
                weights.add(x, step)
    return weights
