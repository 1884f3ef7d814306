"""Classify by naive Bayes over words, as a baseline.

Multinomial, with Laplace smoothing and in lower case.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log

WORD = re.compile(r"\w+")


class Bayes:
    """Classify texts after learning once from (text, is_spam) pairs; ignores unknown words."""

    def __init__(self, lessons: list[tuple[str, bool]]) -> None:
        self._word_counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._text_counts = Counter(spam for _text, spam in lessons)
        for text, spam in lessons:
            self._word_counts[spam].update(WORD.findall(text.lower()))
        self._vocabulary = set(self._word_counts[False]) | set(self._word_counts[True])
        self._totals = {spam: sum(counts.values()) for spam, counts in self._word_counts.items()}

    def is_spam(self, text: str) -> bool:
        words = [word for word in WORD.findall(text.lower()) if word in self._vocabulary]
        return self._log_likelihood(words, True) > self._log_likelihood(words, False)

    def _log_likelihood(self, words: list[str], spam: bool) -> float:
        counts, size = self._word_counts[spam], self._totals[spam] + len(self._vocabulary)
        return log(self._text_counts[spam] or 1e-9) + sum(log((counts[word] + 1) / size) for word in words)
