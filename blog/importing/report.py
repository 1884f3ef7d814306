"""What an import did: counts, and examples of what its owner should look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from blog.importing import report_sentences

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
        return [report_sentences.came_in(self), *report_sentences.left_out(self), *report_sentences.to_look_at(self)]

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
                **{reason: self.skipped[reason] for reason in report_sentences.SKIPPED},
            },
            "pictures_not_reachable_by_https": self.pictures.as_json(),
            "pictures_not_kept": self.unkept.as_json(),
            "embeds_that_became_links": self.embeds.as_json(),
            "moved": self.moved.as_json(),
            "mended_prefixes": list(self.mended),
            "look_at": [
                line for line in report_sentences.to_look_at(self) if not line.startswith(report_sentences.INDENT)
            ],
        }
