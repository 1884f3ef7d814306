"""What an import did: counts, and examples of what its owner should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

FIRST = 5
INDENT = "  "
SKIPPED = {
    "spam": "since Blogger took them for spam",
    "ghosted": "since Blogger showed them to nobody but their writer",
    "trashed": "since they lay in Blogger's trash",
    "unshown": "since Blogger did not show them",
}


MOST = 100


@dataclass(slots=True)
class Sample:
    """How many there were, and the first hundred of them, so that a long import does not fill memory."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, item: str) -> None:
        self.count += 1
        if len(self.first) < MOST:
            self.first.append(item)

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "first": self.first}


@dataclass(slots=True)
class Report:
    """Counts of what came in, of what was left out, and of what the owner should look at."""

    host: str = ""
    question: str = ""
    dry_run: bool = False
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
    skipped: Counter[str] = field(default_factory=Counter)
    orphaned: int = 0
    circular: int = 0
    future: int = 0
    unpacked: int = 0
    mended: tuple[str, ...] = ()
    named: str = ""
    unknown: list[str] = field(default_factory=list)
    moved: Sample = field(default_factory=Sample)
    kept: int = 0
    unkept: Sample = field(default_factory=Sample)
    pictures: Sample = field(default_factory=Sample)
    embeds: Sample = field(default_factory=Sample)

    def lines(self) -> list[str]:
        """The report as short plain lines."""
        return [came_in(self), *left_out(self), *to_look_at(self)]

    def as_json(self) -> dict[str, Any]:
        """The same for programs; `look_at` are the sentences for the owner's eye."""
        return {
            "dry_run": self.dry_run,
            "came_in": {
                "posts": self.posts,
                "post_drafts": self.post_drafts,
                "pages": self.pages,
                "page_drafts": self.page_drafts,
                "comments": self.comments,
                "comments_removed": self.removed,
                "labels": len(self.labels),
                "pictures": self.kept,
            },
            "left_as_they_were": {f"{kind}s": self.standing[kind] for kind in ("post", "page", "comment")},
            "skipped": {
                "same_id_before": self.doubled,
                "comments_without_post": self.postless,
                **{reason: self.skipped[reason] for reason in SKIPPED},
            },
            "pictures_not_reachable_by_https": self.pictures.as_json(),
            "pictures_not_kept": self.unkept.as_json(),
            "embeds_that_became_links": self.embeds.as_json(),
            "moved": self.moved.as_json(),
            "mended_prefixes": list(self.mended),
            "look_at": [line for line in to_look_at(self) if not line.startswith(INDENT)],
        }


def came_in(report: Report) -> str:
    parts = [
        some(report.posts, "post") + _of_them(report.post_drafts, "a draft", "drafts"),
        some(report.pages, "page") + _of_them(report.page_drafts, "a draft", "drafts"),
        some(report.comments, "comment") + _of_them(report.removed, "removed", "removed"),
        some(len(report.labels), "label"),
        some(report.kept, "picture"),
    ]
    return ", ".join(part for part in parts if not part.startswith("0 ")) or "Nothing new came in."


def left_out(report: Report) -> Iterator[str]:
    if report.standing.total():
        standing = ", ".join(some(number, kind) for kind, number in report.standing.items() if number)
        yield f"Left as they were, since they came in before: {standing}."
    if report.doubled:
        yield f"Skipped, since another entry before has the same id: {some(report.doubled, 'entry', 'entries')}."
    if report.postless:
        yield f"Skipped, since the post that they answer is not here: {some(report.postless, 'comment')}."
    for reason, why in SKIPPED.items():
        if number := report.skipped[reason]:
            what = some(number, "entry", "entries") if reason == "trashed" else some(number, "comment")
            yield f"Skipped, {why}: {what}."


def to_look_at(report: Report) -> Iterator[str]:
    if report.question:
        yield report.question
    if report.named:
        yield f"Taken from the export: {report.named}."
    yield from report.unknown
    yield from _mended(report)
    if report.posts + report.pages and report.host and ".blogspot." not in report.host:
        yield f"Links to {report.host} became links within this blog: let that name lead here."
    yield from _threads(report)
    if report.future:
        yield f"Kept as drafts, since their date is still to come: {report.future}."
    yield from _listed("At an address that they did not have before", report.moved, "post or page", "posts and pages")
    yield from _listed("Not shown, since they are not reachable by https", report.pictures, "picture")
    yield from _listed("Left where they were, since they cannot be kept here", report.unkept, "picture")
    yield from _listed("Now a link to where it comes from", report.embeds, "player or frame", "players and frames")


def some(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _mended(report: Report) -> Iterator[str]:
    if report.mended:
        prefixes = ", ".join(f"{prefix}:" for prefix in report.mended)
        yield f"The file was not sound XML; declared for it, as Blogger does: {prefixes}."
    if report.unpacked:
        yield f"Taken apart at their commas, into the labels in them: {some(report.unpacked, 'label')}."


def _threads(report: Report) -> Iterator[str]:
    if report.orphaned:
        yield f"At the top of the thread, since what they answer is not here: {some(report.orphaned, 'comment')}."
    if report.circular:
        yield f"At the top of the thread, since comments answer each other in a circle: {report.circular}."


def _listed(heading: str, sample: Sample, one: str, many: str = "") -> Iterator[str]:
    if not sample.count:
        return
    yield f"{heading}: {some(sample.count, one, many)}."
    yield from (f"{INDENT}{item}" for item in sample.first[:FIRST])
    if sample.count > FIRST:
        yield f"{INDENT}and {sample.count - FIRST} more"


def _of_them(number: int, one: str, many: str) -> str:
    return f" ({number} of them {one if number == 1 else many})" if number else ""
