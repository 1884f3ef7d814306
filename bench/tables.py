"""Format the figures as Markdown, goals first."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.comment_posting import WRITERS
from bench.page_reading import CLIENTS
from bench.rounds import COMMENTS, Figures, Scale
from bench.thread_lengths import LONG, SHORT, THREADS

KB, MB = 1024, 1_000_000


@dataclass(frozen=True)
class Goal:
    """Set a goal for a figure; `unit` divides it for display."""

    label: str
    key: str
    format: str
    bound: float
    is_minimum: bool = False
    unit: float = 1

    def row(self, figures: Figures) -> list[str]:
        value = figures[self.key] / self.unit
        reached = value >= self.bound if self.is_minimum else value <= self.bound
        bound = f"at {'least' if self.is_minimum else 'most'} {self.format.format(self.bound)}"
        return [self.label, self.format.format(value), bound, "yes" if reached else "**no**"]


GOALS = (
    Goal("post page, made anew, against Flask’s hello world", "page.ratio", "{:.3g} ×", 0.12, is_minimum=True),
    Goal("posting, p99 against that of the reads in the same seconds", "posting.ratio", "{:.2g} ×", 2),
    Goal(f"first page of a post with {LONG:,} comments against one with {SHORT}, p50", "long.ratio", "{:.2g} ×", 2),
    Goal("the same in queries: how many more", "long.more", "{:.0f}", 0),
    Goal("memory of an open stream", "stream", "{:.3g} KB", 15, unit=KB),
    Goal("until the last stream has a new comment", "told", "{:,.0f} ms", 1000),
    Goal("the same while pages are read", "told.reading", "{:,.0f} ms", 1000),
    Goal("memory at rest (PSS)", "rest", "{:.0f} MB", 110, unit=MB),
)


def medians(rounds: list[Figures]) -> Figures:
    return {key: median(figures[key] for figures in rounds) for key in rounds[0]}


def report(rounds: list[Figures], scale: Scale, facts: list[tuple[str, str]]) -> str:
    """Format all tables as Markdown."""
    figures = medians(rounds)
    taken = f"Medians of {len(rounds)} interleaved runs" if len(rounds) > 1 else "One short run, to see that it works"
    parts = [
        "# Figures",
        f"{taken}, all over loopback on one machine: read them against each other. "
        "`bin/bench --write` takes them anew.",
        format_table(["goal", "measured", "must be", "kept"], [goal.row(figures) for goal in GOALS]),
        f"## Reading\nA post page with {COMMENTS} comments, {CLIENTS} clients over kept connections (wrk). "
        "No page is kept; the HTML of its responses and of the blank form is, for as long as nothing of them changes.",
        format_table(
            ["", "requests/s", "p50 ms", "p99 ms"], [format_row(figures, *row) for row in reading_rows(scale)]
        ),
        f"## Posting\n{WRITERS} writers, each with its cookie and token, under several posts of which one is read.",
        format_table(["", "per s", "p50 ms", "p99 ms"], [format_row(figures, *row) for row in POSTINGS]),
        "## Threads\nThe first page of two posts of one blog, read in turn; as above the HTML of responses is kept. "
        f"Made for the first time in a process they take {figures['short.queries']:.0f} and "
        f"{figures['long.queries']:.0f} queries.",
        format_table(["", "requests/s", "p50 ms", "p99 ms"], [format_row(figures, *row) for row in THREADS_READ]),
        "## Import\n" + format_import(figures, scale),
        "## Taken on",
        format_table(["", ""], [list(fact) for fact in facts]),
    ]
    return "\n\n".join(parts) + "\n"


def reading_rows(scale: Scale) -> list[tuple[str, str]]:
    return [
        ("post page, made anew", "page"),
        ("Flask’s hello world under the same server", "hello"),
        (f"post page while {WRITERS} write", "meanwhile"),
        (f"post page while {scale.streams:,} streams are told of comments", "streams"),
    ]


POSTINGS = (("alone", "alone"), (f"while {CLIENTS} clients read", "posting"))

THREADS_READ = tuple((f"post with {size:,} comments", name) for name, size in THREADS.items())


def format_row(figures: Figures, label: str, key: str) -> list[str]:
    show: Callable[[str, str], str] = lambda name, format: format.format(figures[name]) if name in figures else ""  # noqa: E731
    return [label, show(f"{key}.rate", "{:,.0f}"), show(f"{key}.p50", "{:.1f}"), show(f"{key}.p99", "{:.1f}")]


def format_import(figures: Figures, scale: Scale) -> str:
    comments = scale.import_posts * scale.import_comments_each
    return (
        f"`flask import` of a classic Blogger export of {scale.import_posts:,} posts and {comments:,} comments "
        f"({figures['import.size'] / MB:.1f} MB), start of the command included: "
        f"**{figures['import.comments']:,.0f} comments/s**, {figures['import.bytes'] / MB:.2f} MB/s."
    )


def format_table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:" if len(head) > 2 else "---"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
