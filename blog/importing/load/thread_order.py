"""Order the comments of an export: each ref once, parents before replies.

A first pass over the export collects refs and parents, a second yields the comments. An export may hold a million
comments, so the data is in a temporary SQLite file, and memory holds only a few of its pages.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from operator import itemgetter
from typing import Protocol, TypeVar

from blog.importing.archive import Comment

# the file is private and never needed again, so one transaction without a journal is enough
SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-4000;
BEGIN;
CREATE TABLE entries (ref TEXT PRIMARY KEY, parent TEXT, times INTEGER NOT NULL DEFAULT 1,
                      yielded INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX replies ON entries (parent) WHERE parent IS NOT NULL;
CREATE TABLE deferred (id INTEGER PRIMARY KEY, parent TEXT NOT NULL, comment TEXT NOT NULL);
CREATE INDEX deferred_by_parent ON deferred (parent);
"""
INSERT_ENTRY = "INSERT INTO entries (ref, parent) VALUES (?, ?) ON CONFLICT (ref) DO UPDATE SET times = times + 1"
CLEAR_MISSING_PARENTS = (
    "UPDATE entries SET parent = NULL WHERE parent IS NOT NULL AND parent NOT IN (SELECT ref FROM entries)"
)
ACYCLIC = """
WITH RECURSIVE acyclic (ref) AS (
  SELECT DISTINCT above.ref FROM entries reply JOIN entries above ON above.ref = reply.parent
  WHERE reply.parent IS NOT NULL AND above.parent IS NULL
  UNION ALL SELECT reply.ref FROM acyclic JOIN entries reply ON reply.parent = acyclic.ref)
"""
FIND_CYCLIC = (
    f"{ACYCLIC} SELECT ref, parent FROM entries WHERE parent IS NOT NULL AND ref NOT IN (SELECT ref FROM acyclic)"  # noqa: S608
)
FIND_STATE = """
SELECT entry.parent, coalesce(above.yielded, 1), EXISTS (SELECT 1 FROM entries reply WHERE reply.parent = entry.ref)
FROM entries entry LEFT JOIN entries above ON above.ref = entry.parent WHERE entry.ref = ?
"""
INSERT_BATCH_SIZE = 1000


class HasRef(Protocol):
    @property
    def ref(self) -> str: ...


T = TypeVar("T", bound=HasRef)


class ThreadOrder:
    """Collect the refs and parents of an export, then order its comments.

    `repeats` maps each ref that occurs more than once to its number of repeats.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.executescript(SCHEMA)
        self._unsaved: list[tuple[str, str | None]] = []
        self._cut: set[str] = set()
        self._replies = 0
        self.repeats: dict[str, int] = {}

    @property
    def circular_replies(self) -> int:
        """Count the replies that are yielded without their parent, to break cycles."""
        return len(self._cut)

    def add(self, ref: str, parent_ref: str | None = None) -> None:
        self._unsaved.append((ref, parent_ref))
        if len(self._unsaved) == INSERT_BATCH_SIZE:
            self._save()

    def _save(self) -> None:
        # rows in key order touch the fewest pages
        self._db.executemany(INSERT_ENTRY, sorted(self._unsaved, key=itemgetter(0)))
        self._unsaved = []

    def resolve(self) -> None:
        """Drop missing parents and break cycles, after the last `add`."""
        self._save()
        self._db.execute(CLEAR_MISSING_PARENTS)
        self.repeats = dict(self._db.execute("SELECT ref, times - 1 FROM entries WHERE times > 1"))
        (self._replies,) = self._db.execute("SELECT count(*) FROM entries WHERE parent IS NOT NULL").fetchone()
        self._cut = _choose_cuts(dict(self._db.execute(FIND_CYCLIC)))
        self._db.executemany("UPDATE entries SET parent = NULL WHERE ref = ?", [(ref,) for ref in self._cut])

    def deduplicate(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the first item of every ref."""
        seen: set[str] = set()
        for item in items:
            if item.ref in self.repeats:
                if item.ref in seen:
                    continue
                seen.add(item.ref)
            yield item

    def parents_first(self, comments: Iterable[Comment]) -> Iterator[Comment]:
        """Yield each comment after its parent; defer those that come too early."""
        if not self._replies:
            yield from map(self._break_cycle, comments)
            return
        self._db.execute("UPDATE entries SET yielded = 0 WHERE yielded")
        self._db.execute("DELETE FROM deferred")
        for comment in comments:
            ready = [self._break_cycle(comment)]
            while ready:
                current = ready.pop()
                parent, parent_yielded, has_replies = self._db.execute(FIND_STATE, (current.ref,)).fetchone()
                if not parent_yielded:
                    self._defer(parent, current)
                    continue
                yield current
                if has_replies:
                    self._db.execute("UPDATE entries SET yielded = 1 WHERE ref = ?", (current.ref,))
                    ready.extend(self._pop_deferred(current.ref))

    def _break_cycle(self, comment: Comment) -> Comment:
        return replace(comment, parent_ref=None) if comment.ref in self._cut else comment

    def _defer(self, parent: str, comment: Comment) -> None:
        encoded = json.dumps(asdict(comment), default=datetime.isoformat)
        self._db.execute("INSERT INTO deferred (parent, comment) VALUES (?, ?)", (parent, encoded))

    def _pop_deferred(self, ref: str) -> list[Comment]:
        rows = self._db.execute("SELECT comment FROM deferred WHERE parent = ? ORDER BY id", (ref,)).fetchall()
        self._db.execute("DELETE FROM deferred WHERE parent = ?", (ref,))
        decoded = [json.loads(encoded) for (encoded,) in rows]
        return [Comment(**{**fields, "at": datetime.fromisoformat(fields["at"])}) for fields in decoded]


def _choose_cuts(parents: dict[str, str]) -> set[str]:
    """Choose one ref of every cycle.

    All refs in `parents` are in a cycle or below one.
    """
    cuts: set[str] = set()
    seen: set[str] = set()
    for start in parents:
        path: set[str] = set()
        ref = start
        while ref not in seen and ref in parents:
            path.add(ref)
            seen.add(ref)
            ref = parents[ref]
        if ref in path:
            cuts.add(ref)
    return cuts
