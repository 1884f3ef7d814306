"""Report what an import did, with examples for the owner to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from blog.importing.archive import MAX_SAMPLE, Sample
from blog.importing.report_sentences import INDENT, translate_report
from blog.stored_messages import Message, message

MAX_EXAMPLES = 5
# why Blogger hid entries, and what they are
SKIP_REASONS = {"spam": "comment", "ghosted": "comment", "trashed": "entry", "unshown": "comment"}


@dataclass(slots=True)
class Report:
    """Count what was imported, what was skipped and what needs attention."""

    host: str = ""
    about_site: list[Message] = field(default_factory=list)
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
    bad_entries: Sample = field(default_factory=Sample)
    odd_dates: Sample = field(default_factory=Sample)
    dropped_characters: Sample = field(default_factory=Sample)
    moved_posts: Sample = field(default_factory=Sample)
    stored_pictures: int = 0
    rejected_pictures: Sample = field(default_factory=Sample)
    insecure_pictures: Sample = field(default_factory=Sample)
    embeds: Sample = field(default_factory=Sample)
    hidden_text: Sample = field(default_factory=Sample)
    removed_content: Sample = field(default_factory=Sample)

    def messages(self) -> list[Message]:
        """Return the report as messages, to be stored."""
        return [describe_imported(self), *describe_skipped(self), *describe_follow_ups(self)]

    def lines(self) -> list[str]:
        """Return the report as short plain lines."""
        return translate_report(self.messages())

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs; `look_at` holds the sentences for the owner."""
        follow_ups = translate_report(list(describe_follow_ups(self)))
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
            "entries_left_out": _sample_as_json(self.bad_entries),
            "dates_interpreted": _sample_as_json(self.odd_dates),
            "forbidden_characters_dropped": _sample_as_json(self.dropped_characters),
            "pictures_not_reachable_by_https": _sample_as_json(self.insecure_pictures),
            "pictures_not_kept": _sample_as_json(self.rejected_pictures),
            "embeds_that_became_links": _sample_as_json(self.embeds),
            "hidden_text_left_out": _sample_as_json(self.hidden_text),
            "content_left_out": _sample_as_json(self.removed_content),
            "moved": _sample_as_json(self.moved_posts),
            "mended_prefixes": list(self.repaired_prefixes),
            "look_at": [line for line in follow_ups if not line.startswith(INDENT)],
        }


def describe_imported(report: Report) -> Message:
    return message(
        "imported",
        posts=report.posts,
        post_drafts=report.post_drafts,
        pages=report.pages,
        page_drafts=report.page_drafts,
        comments=report.comments,
        removed=report.removed_comments,
        labels=len(report.labels),
        pictures=report.stored_pictures,
    )


def describe_skipped(report: Report) -> Iterator[Message]:
    if report.already_imported.total():
        yield message("already_imported", **report.already_imported)
    yield from _count("duplicates", "entry", report.duplicates)
    yield from _count("missing_posts", "comment", report.missing_posts)
    for reason, kind in SKIP_REASONS.items():
        yield from _count(reason, kind, report.skipped[reason])
    yield from _describe_sample("bad_entries", "entry", report.bad_entries, MAX_SAMPLE)


def describe_follow_ups(report: Report) -> Iterator[Message]:
    yield from report.about_site
    if report.repaired_prefixes:
        yield message("repaired_prefixes", prefixes=", ".join(report.repaired_prefixes))
    yield from _describe_sample("odd_dates", "entry", report.odd_dates, MAX_SAMPLE)
    yield from _describe_sample("dropped_characters", "entry", report.dropped_characters, MAX_SAMPLE)
    yield from _count("combined_labels", "label", report.combined_labels)
    if report.posts + report.pages and report.host and ".blogspot." not in report.host:
        yield message("old_host", host=report.host)
    yield from _count("missing_parents", "comment", report.missing_parents)
    yield from _count("circular_replies", "comment", report.circular_replies)
    if report.future_posts:
        yield message("future_posts", number=report.future_posts)
    yield from _describe_sample("moved_posts", "post_or_page", report.moved_posts)
    yield from _describe_sample("insecure_pictures", "picture", report.insecure_pictures)
    yield from _describe_sample("rejected_pictures", "picture", report.rejected_pictures)
    yield from _describe_sample("embeds", "embed", report.embeds)
    yield from _describe_sample("hidden_text", "post_or_page", report.hidden_text, MAX_SAMPLE)
    yield from _describe_sample("removed_content", "post_or_page", report.removed_content, MAX_SAMPLE)


def _sample_as_json(sample: Sample) -> dict[str, Any]:
    return {"count": sample.count, "first": translate_report(sample.items)}


def _count(code: str, kind: str, number: int) -> Iterator[Message]:
    if number:
        yield message(code, counted=[message(kind, number=number)])


def _describe_sample(code: str, kind: str, sample: Sample, examples: int = MAX_EXAMPLES) -> Iterator[Message]:
    """Count a sample's items and name the first: of what was lost, `MAX_SAMPLE`."""
    yield from _count(code, kind, sample.count)
    yield from (message("example", item=[item]) for item in sample.items[:examples])
    if sample.count > examples:
        yield message("more", number=sample.count - examples)
