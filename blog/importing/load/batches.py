"""Split entries into batches and skip those that were imported before."""

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

BATCH_SIZE = 100
# long texts, such as posts with inline pictures, make smaller batches
MAX_BATCH_CHARACTERS = 2_000_000
PROGRESS_STEP = 50

Entry = TypeVar("Entry", archive.Post, archive.Comment)
Progress = Callable[[int, int], None]


def ignore_progress(_done: int, _total: int) -> None:
    """Do nothing: nobody watches the progress."""


class ProgressCounter:
    """Count processed entries and report them every PROGRESS_STEP entries."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def count(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry
            self._done += 1
            if self._done % PROGRESS_STEP == 0:
                self._progress(self._done, self._total)


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries in order, in lists of at most BATCH_SIZE."""
    batch: list[Entry] = []
    characters = 0
    for entry in entries:
        batch.append(entry)
        characters += len(entry.body)
        if len(batch) == BATCH_SIZE or characters > MAX_BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def skip_imported(
    batches: Iterable[list[Entry]], model: type[Post] | type[Comment], report: Report
) -> Iterator[list[Entry]]:
    """Yield the new entries of each batch and count the others."""
    for batch in batches:
        new = select_new(batch, model)
        # end the read transaction, so that a progress callback can write
        db.session.rollback()
        report.already_imported += _count_kinds(batch) - _count_kinds(new)
        yield new


def select_new(entries: list[Entry], model: type[Post] | type[Comment]) -> list[Entry]:
    """Return the entries that are not in the blog yet."""
    refs = [entry.ref for entry in entries]
    known = set(db.session.scalars(select(model.import_ref).where(model.import_ref.in_(refs))))
    return [entry for entry in entries if entry.ref not in known]


def _count_kinds(entries: list[Entry]) -> Counter[str]:
    return Counter(entry.kind if isinstance(entry, archive.Post) else "comment" for entry in entries)
