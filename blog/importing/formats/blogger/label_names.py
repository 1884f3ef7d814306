"""Blogger's labels."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 200


def unpacked(terms: Iterable[str]) -> tuple[str, ...]:
    """The labels in these terms, each once.

    The comma is what Blogger's own editor separates labels by, so no label has one: a term with commas, as other
    programs wrote them through Blogger's API, is several labels in one.
    """
    labels = (" ".join(label.split())[:LONGEST].strip() for term in terms for label in term.split(","))
    return tuple(dict.fromkeys(label for label in labels if label))
