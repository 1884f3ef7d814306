"""Which comment answers which: found in a first pass, so that a second can give parents before their replies.

Refs are kept as their hashes, 8 bytes each, because an export may hold a million of them. Two refs with one hash
do no harm: what is decided by hash alone is only what to look at more closely.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from os import SEEK_END
from tempfile import TemporaryFile
from typing import Protocol, TypeVar

from blog.exchange.archive import Comment

NONE = 0


class Named(Protocol):
    @property
    def ref(self) -> str: ...


T = TypeVar("T", bound=Named)


class Lineage:
    """The comments of an export and their parents, as `note` is told of them."""

    def __init__(self) -> None:
        self.refs, self._answered = array("q"), array("q")
        self.parents: dict[int, int] = {}
        self.circular = 0

    def note(self, ref: str, parent_ref: str | None) -> None:
        self.refs.append(hash(ref))
        self._answered.append(hash(parent_ref) if parent_ref else NONE)

    def settle(self) -> None:
        """After the first pass: keep the parents that are in the export, and cut every circle at one place."""
        asked = set(self._answered) - {NONE}
        present = {ref for ref in self.refs if ref in asked}
        for ref, parent in zip(self.refs, self._answered, strict=True):
            if parent in present:
                self.parents.setdefault(ref, parent)
        self._answered = array("q")
        self._cut_circles()

    def _cut_circles(self) -> None:
        sound: set[int] = set()
        for start in list(self.parents):
            path: list[int] = []
            on_path: set[int] = set()
            ref = start
            while ref not in sound and ref in self.parents:
                path.append(ref)
                on_path.add(ref)
                ref = self.parents[ref]
                if ref in on_path:
                    self.parents[ref] = NONE
                    self.circular += 1
                    break
            sound.update(path)

    def parents_first(self, comments: Iterable[Comment]) -> Iterator[Comment]:
        """`comments`, each after its parent where that is among them; what has to wait does so in a file."""
        answered = {parent for parent in self.parents.values() if parent != NONE}
        given: set[int] = set()
        with Waiting() as waiting:
            for comment in comments:
                ready = [self._uncircled(comment)]
                while ready:
                    following = ready.pop()
                    ref, parent = hash(following.ref), self.parents.get(hash(following.ref), NONE)
                    if parent != NONE and parent not in given:
                        waiting.put(parent, following)
                        continue
                    yield following
                    if ref in answered:
                        given.add(ref)
                        ready.extend(waiting.take(ref))

    def _uncircled(self, comment: Comment) -> Comment:
        cut = self.parents.get(hash(comment.ref)) == NONE
        return replace(comment, parent_ref=None) if cut else comment


class Waiting:
    """Comments that came before what they answer: in a temporary file, so that memory holds only where."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115
        self._places: dict[int, list[int]] = {}

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, parent: int, comment: Comment) -> None:
        self._places.setdefault(parent, []).append(self._file.seek(0, SEEK_END))
        self._file.write(json.dumps(asdict(comment), default=datetime.isoformat).encode() + b"\n")

    def take(self, parent: int) -> Iterator[Comment]:
        for place in self._places.pop(parent, ()):
            self._file.seek(place)
            fields = json.loads(self._file.readline())
            yield Comment(**{**fields, "at": datetime.fromisoformat(fields["at"])})


def doubled(refs: Iterable[int]) -> Counter[int]:
    """The hashes that came more than once, and how often after the first time."""
    return Counter(ref for ref, following in pairwise(sorted(refs)) if ref == following)


def once(items: Iterable[T], suspects: Container[int]) -> Iterator[T]:
    """`items` without those whose ref came before; only refs whose hash is among `suspects` can have."""
    met: set[str] = set()
    for item in items:
        if hash(item.ref) in suspects:
            if item.ref in met:
                continue
            met.add(item.ref)
        yield item
