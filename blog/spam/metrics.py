"""Measure how often a filter was right, by pairs of (held, spam)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ConfusionMatrix:
    """Count the outcomes of a filter."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    @property
    def accuracy(self) -> float:
        return _ratio(self.true_positives + self.true_negatives, self.count)

    @property
    def precision(self) -> float:
        """Return the share of held texts that were spam, or 1."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Return the share of spam that was held, or 1."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_holds_per_1000(self) -> float:
        """Return how many of 1,000 legitimate texts were held."""
        legitimate = self.false_positives + self.true_negatives
        return 1000 * self.false_positives / legitimate if legitimate else 0.0

    @property
    def count(self) -> int:
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    def as_json(self) -> dict[str, float]:
        return {
            "accuracy": round(self.accuracy, 4),
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "false_holds_per_1000": round(self.false_holds_per_1000, 1),
        }


def count_outcomes(pairs: Iterable[tuple[bool, bool]]) -> ConfusionMatrix:
    counts = {(held, spam): 0 for held in (True, False) for spam in (True, False)}
    for pair in pairs:
        counts[pair] += 1
    return ConfusionMatrix(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def format_table(rows: dict[str, ConfusionMatrix]) -> list[str]:
    width = max(map(len, rows))
    head = f"{'':{width}}  accuracy  precision  recall  false holds per 1,000"
    return [head, *(_row(name, width, matrix.as_json()) for name, matrix in rows.items())]


def _row(name: str, width: int, row: dict[str, Any]) -> str:
    held = row["false_holds_per_1000"]
    return f"{name:{width}}  {row['accuracy']:8.4f}  {row['precision']:9.4f}  {row['recall']:6.4f}  {held:21.1f}"
