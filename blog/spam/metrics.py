"""How right a filter was, by pairs of (held, unwanted)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measures:
    """How many were held rightly and falsely, and let through falsely and rightly."""

    rightly_held: int = 0
    falsely_held: int = 0
    missed: int = 0
    let_through: int = 0

    @property
    def accuracy(self) -> float:
        return _share(self.rightly_held + self.let_through, self.count)

    @property
    def precision(self) -> float:
        """Of what was held, the share that was unwanted; 1 where nothing was."""
        return _share(self.rightly_held, self.rightly_held + self.falsely_held)

    @property
    def recall(self) -> float:
        """Of what was unwanted, the share that was held; 1 where nothing was."""
        return _share(self.rightly_held, self.rightly_held + self.missed)

    @property
    def false_holds_per_1000(self) -> float:
        """Of a thousand wanted ones, how many were held."""
        wanted = self.falsely_held + self.let_through
        return 1000 * self.falsely_held / wanted if wanted else 0.0

    @property
    def count(self) -> int:
        return self.rightly_held + self.falsely_held + self.missed + self.let_through

    def as_json(self) -> dict[str, float]:
        return {
            "accuracy": round(self.accuracy, 4),
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "false_holds_per_1000": round(self.false_holds_per_1000, 1),
        }


def measured(pairs: Iterable[tuple[bool, bool]]) -> Measures:
    counts = {(held, unwanted): 0 for held in (True, False) for unwanted in (True, False)}
    for pair in pairs:
        counts[pair] += 1
    return Measures(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def table(rows: dict[str, Measures]) -> list[str]:
    width = max(map(len, rows))
    head = f"{'':{width}}  accuracy  precision  recall  false holds per 1,000"
    return [head, *(_row(name, width, one.as_json()) for name, one in rows.items())]


def _row(name: str, width: int, one: dict[str, Any]) -> str:
    held = one["false_holds_per_1000"]
    return f"{name:{width}}  {one['accuracy']:8.4f}  {one['precision']:9.4f}  {one['recall']:6.4f}  {held:21.1f}"
