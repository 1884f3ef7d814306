"""The sentences of an import's report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blog.importing.report import Report, Sample

FIRST = 5
INDENT = "  "
SKIPPED = {
    "spam": "since Blogger took them for spam",
    "ghosted": "since Blogger showed them to nobody but their writer",
    "trashed": "since they lay in Blogger's trash",
    "unshown": "since Blogger did not show them",
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
