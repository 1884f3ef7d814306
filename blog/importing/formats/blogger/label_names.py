"""Split Blogger's category terms into labels."""

from __future__ import annotations

from collections.abc import Iterable

from blog.html.invisible_characters import clean_line

MAX_LABEL_LENGTH = 200


def split_labels(terms: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct labels in these terms, split at commas.

    Blogger's editor separates labels by commas, so no label contains one. Other programs wrote several labels as one
    term through Blogger's API.
    """
    labels = (clean_line(label)[:MAX_LABEL_LENGTH].strip() for term in terms for label in term.split(","))
    return tuple(dict.fromkeys(label for label in labels if label))
