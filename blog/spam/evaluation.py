"""Compare the filter's text classifier with naive Bayes on labeled texts."""

from __future__ import annotations

from typing import NamedTuple

from blog.spam.baseline_bayes import Bayes
from blog.spam.datasets import parse_dataset_text
from blog.spam.metrics import ConfusionMatrix, count_outcomes
from blog.spam.weights import Weights, compute_values, make_vector, train

HOLD_THRESHOLD = -0.3
"""Score above which a text is held when only the text is known; chosen in docs/filter.md."""

LabeledTexts = list[tuple[str, bool]]


class Comparison(NamedTuple):
    filter: ConfusionMatrix
    bayes: ConfusionMatrix


def train_on_texts(texts: LabeledTexts) -> Weights:
    return train([(_make_vector(text), spam) for text, spam in texts])


def compare_with_bayes(training: LabeledTexts, test: LabeledTexts) -> Comparison:
    """Train both classifiers on `training` alone and measure them on `test`."""
    weights, bayes = train_on_texts(training), Bayes(training)
    held = ((weights.score(compute_values(_make_vector(text))) > HOLD_THRESHOLD, spam) for text, spam in test)
    return Comparison(count_outcomes(held), count_outcomes((bayes.is_spam(text), spam) for text, spam in test))


def _make_vector(text: str) -> bytes:
    return make_vector(parse_dataset_text(text))
