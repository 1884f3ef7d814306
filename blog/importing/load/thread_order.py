"""Which entries an export has and which comment answers which: found in a first pass, so that a second can give
every ref once, and parents before their replies.

An export may hold a million comments, so this is kept in a private file of SQLite's own, which is gone when it is
closed: memory holds a few pages of it.
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

# nobody else reads the file and nothing of it is ever needed again: one transaction that never ends
SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-4000;
BEGIN;
CREATE TABLE entries (ref TEXT PRIMARY KEY, parent TEXT, times INTEGER NOT NULL DEFAULT 1,
                      given INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX replies ON entries (parent) WHERE parent IS NOT NULL;
CREATE TABLE waiting (id INTEGER PRIMARY KEY, parent TEXT NOT NULL, comment TEXT NOT NULL);
CREATE INDEX waiting_for ON waiting (parent);
"""
NOTE = "INSERT INTO entries (ref, parent) VALUES (?, ?) ON CONFLICT (ref) DO UPDATE SET times = times + 1"
FORGET_ABSENT = "UPDATE entries SET parent = NULL WHERE parent IS NOT NULL AND parent NOT IN (SELECT ref FROM entries)"
SOUND = """
WITH RECURSIVE sound (ref) AS (
  SELECT DISTINCT above.ref FROM entries reply JOIN entries above ON above.ref = reply.parent
  WHERE reply.parent IS NOT NULL AND above.parent IS NULL
  UNION ALL SELECT reply.ref FROM sound JOIN entries reply ON reply.parent = sound.ref)
"""
CIRCLING = f"{SOUND} SELECT ref, parent FROM entries WHERE parent IS NOT NULL AND ref NOT IN (SELECT ref FROM sound)"  # noqa: S608
STANDING = """
SELECT entry.parent, coalesce(above.given, 1), EXISTS (SELECT 1 FROM entries reply WHERE reply.parent = entry.ref)
FROM entries entry LEFT JOIN entries above ON above.ref = entry.parent WHERE entry.ref = ?
"""
NOTED_AT_ONCE = 1000


class Named(Protocol):
    @property
    def ref(self) -> str: ...


T = TypeVar("T", bound=Named)


class ThreadOrder:
    """The entries of an export and the parents of its comments, as `note` is told of them.

    `doubled` are the refs that came more than once, with how often after the first time.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.executescript(SCHEMA)
        self._noted: list[tuple[str, str | None]] = []
        self._cut: set[str] = set()
        self._replies = 0
        self.doubled: dict[str, int] = {}

    @property
    def circular(self) -> int:
        """How many replies answer themselves through others, and are given without their parent."""
        return len(self._cut)

    def note(self, ref: str, parent_ref: str | None = None) -> None:
        self._noted.append((ref, parent_ref))
        if len(self._noted) == NOTED_AT_ONCE:
            self._write_noted()

    def _write_noted(self) -> None:
        # in the order of the table, which spares it most of the pages that it would read and write
        self._db.executemany(NOTE, sorted(self._noted, key=itemgetter(0)))
        self._noted = []

    def settle(self) -> None:
        """After the first pass: keep the parents that are in the export, and cut every circle at one place."""
        self._write_noted()
        self._db.execute(FORGET_ABSENT)
        self.doubled = dict(self._db.execute("SELECT ref, times - 1 FROM entries WHERE times > 1"))
        (self._replies,) = self._db.execute("SELECT count(*) FROM entries WHERE parent IS NOT NULL").fetchone()
        self._cut = _cuts(dict(self._db.execute(CIRCLING)))
        self._db.executemany("UPDATE entries SET parent = NULL WHERE ref = ?", [(ref,) for ref in self._cut])

    def once(self, items: Iterable[T]) -> Iterator[T]:
        """`items` without those whose ref came before."""
        met: set[str] = set()
        for item in items:
            if item.ref in self.doubled:
                if item.ref in met:
                    continue
                met.add(item.ref)
            yield item

    def parents_first(self, comments: Iterable[Comment]) -> Iterator[Comment]:
        """`comments`, each after its parent where that is among them; what has to wait does so in the file."""
        if not self._replies:
            yield from map(self._uncircled, comments)
            return
        self._db.execute("UPDATE entries SET given = 0 WHERE given")
        self._db.execute("DELETE FROM waiting")
        for comment in comments:
            ready = [self._uncircled(comment)]
            while ready:
                following = ready.pop()
                parent, given, answered = self._db.execute(STANDING, (following.ref,)).fetchone()
                if not given:
                    self._wait(parent, following)
                    continue
                yield following
                if answered:
                    self._db.execute("UPDATE entries SET given = 1 WHERE ref = ?", (following.ref,))
                    ready.extend(self._waited_for(following.ref))

    def _uncircled(self, comment: Comment) -> Comment:
        return replace(comment, parent_ref=None) if comment.ref in self._cut else comment

    def _wait(self, parent: str, comment: Comment) -> None:
        written = json.dumps(asdict(comment), default=datetime.isoformat)
        self._db.execute("INSERT INTO waiting (parent, comment) VALUES (?, ?)", (parent, written))

    def _waited_for(self, ref: str) -> list[Comment]:
        rows = self._db.execute("SELECT comment FROM waiting WHERE parent = ? ORDER BY id", (ref,)).fetchall()
        self._db.execute("DELETE FROM waiting WHERE parent = ?", (ref,))
        read = [json.loads(written) for (written,) in rows]
        return [Comment(**{**fields, "at": datetime.fromisoformat(fields["at"])}) for fields in read]


def _cuts(parents: dict[str, str]) -> set[str]:
    """One ref of every circle among these, which all stand in one or below one."""
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
