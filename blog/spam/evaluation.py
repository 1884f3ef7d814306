"""The filter's text part beside a plain Bayes: both learn from the same texts and are measured on others."""

from __future__ import annotations

from typing import NamedTuple

from blog.spam.baseline_bayes import Bayes
from blog.spam.datasets import read_marked
from blog.spam.metrics import Measures, measured
from blog.spam.weights import Weights, trained, values, vector

CUT = -0.3
"""Above it a text is held, where nothing but the text is known; docs/filter.md says how it was chosen."""

Marked = list[tuple[str, bool]]


class Comparison(NamedTuple):
    filter: Measures
    bayes: Measures


def learned_from(texts: Marked) -> Weights:
    return trained([(vector(read_marked(text)), unwanted) for text, unwanted in texts])


def compared(train: Marked, test: Marked) -> Comparison:
    """Measures on `test` of what was learned from `train` alone."""
    weights, bayes = learned_from(train), Bayes(train)
    held = ((weights.score(values(vector(read_marked(text)))) > CUT, unwanted) for text, unwanted in test)
    return Comparison(measured(held), measured((bayes.unwanted(text), unwanted) for text, unwanted in test))
