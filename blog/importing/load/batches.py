"""Entries by batches of some hundred, and which of a batch are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.importing import archive
from blog.importing.report import Report
from blog.posts.models import Post

BATCH = 100
# a batch of long texts, such as posts with their pictures in them, ends sooner
BATCH_CHARACTERS = 2_000_000

Entry = TypeVar("Entry", archive.Post, archive.Comment)
Progress = Callable[[int, int], None]
TOLD_EACH = 50


def unseen(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


class Tally:
    """Counts the entries that went by, and tells."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def over(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry
            self._done += 1
            if self._done % TOLD_EACH == 0:
                self._progress(self._done, self._total)


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """`entries` in their order, at most BATCH at a time; each is whole."""
    batch: list[Entry] = []
    characters = 0
    for entry in entries:
        batch.append(entry)
        characters += len(entry.body)
        if len(batch) == BATCH or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def fresh(batches: Iterable[list[Entry]], model: type[Post] | type[Comment], report: Report) -> Iterator[list[Entry]]:
    """Of each batch those that do not stand in the blog yet; the others are reported as standing."""
    for batch in batches:
        new = absent(batch, model)
        # what only read must not keep anybody waiting, and whoever is told of the progress may want to write
        db.session.rollback()
        report.standing += _kinds(batch) - _kinds(new)
        yield new


def _kinds(entries: list[Entry]) -> Counter[str]:
    return Counter(entry.kind if isinstance(entry, archive.Post) else "comment" for entry in entries)


def absent(entries: list[Entry], model: type[Post] | type[Comment]) -> list[Entry]:
    """Those of `entries` that do not stand in the blog yet."""
    refs = [entry.ref for entry in entries]
    standing = set(db.session.scalars(select(model.import_ref).where(model.import_ref.in_(refs))))
    return [entry for entry in entries if entry.ref not in standing]
