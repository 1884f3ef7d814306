"""Entries by batches of some hundred, and which of a batch are new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.exchange import archive
from blog.posts.models import Post

BATCH = 100
# a batch of long texts, such as posts with their pictures in them, ends sooner
BATCH_CHARACTERS = 2_000_000

Entry = TypeVar("Entry", archive.Post, archive.Comment)


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


def absent(entries: list[Entry], model: type[Post] | type[Comment]) -> list[Entry]:
    """Those of `entries` that do not stand in the blog yet."""
    refs = [entry.ref for entry in entries]
    standing = set(db.session.scalars(select(model.import_ref).where(model.import_ref.in_(refs))))
    return [entry for entry in entries if entry.ref not in standing]
