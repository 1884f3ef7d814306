"""Report what an import did, with examples for the owner to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_EXAMPLES = 5
MAX_SAMPLE = 100
INDENT = "  "
SKIP_REASONS = {
    "spam": "Blogger marked them as spam",
    "ghosted": "Blogger showed them only to their authors",
    "trashed": "they were in Blogger's trash",
    "unshown": "Blogger did not show them",
}


@dataclass(slots=True)
class Sample:
    """Count items and store the first ones, so that memory stays bounded."""

    count: int = 0
    items: list[str] = field(default_factory=list)

    def add(self, item: str) -> None:
        self.count += 1
        if len(self.items) < MAX_SAMPLE:
            self.items.append(item)

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "first": self.items}


@dataclass(slots=True)
class Report:
    """Count what was imported, what was skipped and what needs attention."""

    host: str = ""
    host_question: str = ""
    dry_run: bool = False
    posts: int = 0
    post_drafts: int = 0
    pages: int = 0
    page_drafts: int = 0
    comments: int = 0
    removed_comments: int = 0
    labels: set[str] = field(default_factory=set)
    already_imported: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    missing_posts: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    missing_parents: int = 0
    circular_replies: int = 0
    future_posts: int = 0
    combined_labels: int = 0
    repaired_prefixes: tuple[str, ...] = ()
    adopted_settings: str = ""
    unknown_settings: list[str] = field(default_factory=list)
    moved_posts: Sample = field(default_factory=Sample)
    stored_pictures: int = 0
    rejected_pictures: Sample = field(default_factory=Sample)
    insecure_pictures: Sample = field(default_factory=Sample)
    embeds: Sample = field(default_factory=Sample)

    def lines(self) -> list[str]:
        """Return the report as short plain lines."""
        return [describe_imported(self), *describe_skipped(self), *describe_follow_ups(self)]

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs; `look_at` holds the sentences for the owner."""
        return {
            "dry_run": self.dry_run,
            "came_in": {
                "posts": self.posts,
                "post_drafts": self.post_drafts,
                "pages": self.pages,
                "page_drafts": self.page_drafts,
                "comments": self.comments,
                "comments_removed": self.removed_comments,
                "labels": len(self.labels),
                "pictures": self.stored_pictures,
            },
            "left_as_they_were": {f"{kind}s": self.already_imported[kind] for kind in ("post", "page", "comment")},
            "skipped": {
                "same_id_before": self.duplicates,
                "comments_without_post": self.missing_posts,
                **{reason: self.skipped[reason] for reason in SKIP_REASONS},
            },
            "pictures_not_reachable_by_https": self.insecure_pictures.as_json(),
            "pictures_not_kept": self.rejected_pictures.as_json(),
            "embeds_that_became_links": self.embeds.as_json(),
            "moved": self.moved_posts.as_json(),
            "mended_prefixes": list(self.repaired_prefixes),
            "look_at": [line for line in describe_follow_ups(self) if not line.startswith(INDENT)],
        }


def describe_imported(report: Report) -> str:
    parts = [
        format_count(report.posts, "post") + _describe_part(report.post_drafts, "draft", "drafts"),
        format_count(report.pages, "page") + _describe_part(report.page_drafts, "draft", "drafts"),
        format_count(report.comments, "comment") + _describe_part(report.removed_comments, "removed", "removed"),
        format_count(len(report.labels), "label"),
        format_count(report.stored_pictures, "picture"),
    ]
    return ", ".join(part for part in parts if not part.startswith("0 ")) or "Nothing new to import."


def describe_skipped(report: Report) -> Iterator[str]:
    if report.already_imported.total():
        counts = ", ".join(format_count(number, kind) for kind, number in report.already_imported.items() if number)
        yield f"Already imported and left unchanged: {counts}."
    if report.duplicates:
        many = format_count(report.duplicates, "entry", "entries")
        yield f"Skipped because an earlier entry has the same id: {many}."
    if report.missing_posts:
        yield f"Skipped because their post is missing: {format_count(report.missing_posts, 'comment')}."
    for reason, why in SKIP_REASONS.items():
        if number := report.skipped[reason]:
            many = format_count(number, "entry", "entries") if reason == "trashed" else format_count(number, "comment")
            yield f"Skipped because {why}: {many}."


def describe_follow_ups(report: Report) -> Iterator[str]:
    if report.host_question:
        yield report.host_question
    if report.adopted_settings:
        yield f"Taken from the export: {report.adopted_settings}."
    yield from report.unknown_settings
    yield from _describe_repairs(report)
    if report.posts + report.pages and report.host and ".blogspot." not in report.host:
        yield f"Links to {report.host} now lead to this blog: point that domain to this server."
    yield from _describe_threads(report)
    if report.future_posts:
        yield f"Imported as drafts because their date is in the future: {report.future_posts}."
    yield from _describe_sample("Moved to a new address", report.moved_posts, "post or page", "posts and pages")
    yield from _describe_sample("Hidden because they do not load over https", report.insecure_pictures, "picture")
    yield from _describe_sample("Not copied because they could not be stored", report.rejected_pictures, "picture")
    yield from _describe_sample(
        "Replaced with a link to the source", report.embeds, "player or frame", "players and frames"
    )


def format_count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _describe_repairs(report: Report) -> Iterator[str]:
    if report.repaired_prefixes:
        yield f"The file used undeclared XML prefixes, which were repaired: {', '.join(report.repaired_prefixes)}."
    if report.combined_labels:
        yield f"Split at their commas into several labels: {format_count(report.combined_labels, 'label')}."


def _describe_threads(report: Report) -> Iterator[str]:
    top = "Moved to the top of their thread because"
    if report.missing_parents:
        yield f"{top} the comment that they reply to is missing: {format_count(report.missing_parents, 'comment')}."
    if report.circular_replies:
        yield f"{top} they reply to each other in a circle: {format_count(report.circular_replies, 'comment')}."


def _describe_sample(heading: str, sample: Sample, one: str, many: str = "") -> Iterator[str]:
    if not sample.count:
        return
    yield f"{heading}: {format_count(sample.count, one, many)}."
    yield from (f"{INDENT}{item}" for item in sample.items[:MAX_EXAMPLES])
    if sample.count > MAX_EXAMPLES:
        yield f"{INDENT}and {sample.count - MAX_EXAMPLES} more"


def _describe_part(number: int, one: str, many: str) -> str:
    return f" ({number} {one if number == 1 else many})" if number else ""
