"""What an import did, and the short plain lines that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

FIRST = 5


@dataclass(slots=True)
class Sample:
    """How many there were, and the first few of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, item: str) -> None:
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(item)

    def lines(self) -> Iterator[str]:
        yield from (f"  {item}" for item in self.first)
        if self.count > len(self.first):
            yield f"  and {self.count - len(self.first)} more"


@dataclass(slots=True)
class Report:
    """Counts of what came in, of what was left out, and of what the owner should look at."""

    host: str = ""
    posts: int = 0
    post_drafts: int = 0
    pages: int = 0
    page_drafts: int = 0
    comments: int = 0
    removed: int = 0
    labels: set[str] = field(default_factory=set)
    standing: Counter[str] = field(default_factory=Counter)
    doubled: int = 0
    postless: int = 0
    orphaned: int = 0
    circular: int = 0
    future: int = 0
    named: str = ""
    unknown: list[str] = field(default_factory=list)
    moved: Sample = field(default_factory=Sample)
    pictures: Sample = field(default_factory=Sample)

    def lines(self) -> Iterator[str]:
        yield self._came_in()
        yield from self._left_out()
        yield from self._to_look_at()

    def _came_in(self) -> str:
        parts = [
            _some(self.posts, "post") + _of_them(self.post_drafts, "a draft", "drafts"),
            _some(self.pages, "page") + _of_them(self.page_drafts, "a draft", "drafts"),
            _some(self.comments, "comment") + _of_them(self.removed, "removed", "removed"),
            _some(len(self.labels), "label"),
        ]
        return ", ".join(part for part in parts if not part.startswith("0 ")) or "Nothing new came in."

    def _left_out(self) -> Iterator[str]:
        if self.standing.total():
            standing = ", ".join(_some(number, kind) for kind, number in self.standing.items() if number)
            yield f"Left as they were, since they came in before: {standing}."
        if self.doubled:
            yield f"Skipped, since another entry before has the same id: {_some(self.doubled, 'entry', 'entries')}."
        if self.postless:
            yield f"Skipped, since the post that they answer is not here: {_some(self.postless, 'comment')}."

    def _to_look_at(self) -> Iterator[str]:
        if self.named:
            yield f"Taken from the export: {self.named}."
        yield from self.unknown
        if self.posts + self.pages and self.host and ".blogspot." not in self.host:
            yield f"Links to {self.host} became links within this blog: let that name lead here."
        if self.orphaned:
            yield f"At the top of the thread, since what they answer is not here: {_some(self.orphaned, 'comment')}."
        if self.circular:
            yield f"At the top of the thread, since comments answer each other in a circle: {self.circular}."
        if self.future:
            yield f"Kept as drafts, since their date is still to come: {self.future}."
        if self.moved.count:
            moved = _some(self.moved.count, "post or page", "posts and pages")
            yield f"At an address that they did not have before: {moved}."
            yield from self.moved.lines()
        if self.pictures.count:
            yield f"Not shown, since they are not reachable by https: {_some(self.pictures.count, 'picture')}."
            yield from self.pictures.lines()


def _some(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _of_them(number: int, one: str, many: str) -> str:
    return f" ({number} of them {one if number == 1 else many})" if number else ""
