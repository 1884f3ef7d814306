"""A plain bag-of-words Bayes, to compare with: multinomial, Laplace smoothing, words in small letters."""

from __future__ import annotations

import re
from collections import Counter
from math import log

WORD = re.compile(r"\w+")


class Bayes:
    """Learned once from (text, unwanted) pairs; words that it never saw say nothing."""

    def __init__(self, lessons: list[tuple[str, bool]]) -> None:
        self._counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._texts = Counter(unwanted for _text, unwanted in lessons)
        for text, unwanted in lessons:
            self._counts[unwanted].update(WORD.findall(text.lower()))
        self._known = set(self._counts[False]) | set(self._counts[True])
        self._all = {unwanted: sum(counts.values()) for unwanted, counts in self._counts.items()}

    def unwanted(self, text: str) -> bool:
        words = [word for word in WORD.findall(text.lower()) if word in self._known]
        return self._likelihood(words, True) > self._likelihood(words, False)

    def _likelihood(self, words: list[str], unwanted: bool) -> float:
        counts, size = self._counts[unwanted], self._all[unwanted] + len(self._known)
        return log(self._texts[unwanted] or 1e-9) + sum(log((counts[word] + 1) / size) for word in words)
