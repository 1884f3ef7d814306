"""The figures as Markdown: what they are held against first."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.lengths import LONG, SHORT, THREADS
from bench.measuring import COMMENTS, Extent, Figures
from bench.reading import CLIENTS
from bench.writing import WRITERS

KB, MB = 1024, 1_000_000


@dataclass(frozen=True)
class Goal:
    """A figure with what it must keep to; `unit` is what it is divided by before it is shown."""

    what: str
    key: str
    form: str
    bound: float
    least: bool = False
    unit: float = 1

    def row(self, figures: Figures) -> list[str]:
        value = figures[self.key] / self.unit
        kept = value >= self.bound if self.least else value <= self.bound
        bound = f"at {'least' if self.least else 'most'} {self.form.format(self.bound)}"
        return [self.what, self.form.format(value), bound, "yes" if kept else "**no**"]


GOALS = (
    Goal("post page, made anew, against Flask’s hello world", "page.ratio", "{:.3g} ×", 0.12, least=True),
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


def report(rounds: list[Figures], extent: Extent, facts: list[tuple[str, str]]) -> str:
    """All tables, in Markdown."""
    figures = medians(rounds)
    taken = f"Medians of {len(rounds)} interleaved runs" if len(rounds) > 1 else "One short run, to see that it works"
    parts = [
        "# Figures",
        f"{taken}, all over loopback on one machine: read them against each other. "
        "`bin/bench --write` takes them anew.",
        table(["goal", "measured", "must be", "kept"], [goal.row(figures) for goal in GOALS]),
        f"## Reading\nA post page with {COMMENTS} comments, {CLIENTS} clients over kept connections (wrk). "
        "No page is kept; the HTML of its responses and of the blank form is, for as long as nothing of them changes.",
        table(["", "requests/s", "p50 ms", "p99 ms"], [pace(figures, *row) for row in readings(extent)]),
        f"## Posting\n{WRITERS} writers, each with its cookie and token, under several posts of which one is read.",
        table(["", "per s", "p50 ms", "p99 ms"], [pace(figures, *row) for row in POSTINGS]),
        "## Threads\nThe first page of two posts of one blog, read in turn; as above the HTML of responses is kept. "
        f"Made for the first time in a process they take {figures['short.queries']:.0f} and "
        f"{figures['long.queries']:.0f} queries.",
        table(["", "requests/s", "p50 ms", "p99 ms"], [pace(figures, *row) for row in THREADS_READ]),
        "## Import\n" + imports(figures, extent),
        "## Taken on",
        table(["", ""], [list(fact) for fact in facts]),
    ]
    return "\n\n".join(parts) + "\n"


def readings(extent: Extent) -> list[tuple[str, str]]:
    return [
        ("post page, made anew", "page"),
        ("Flask’s hello world under the same server", "hello"),
        (f"post page while {WRITERS} write", "meanwhile"),
        (f"post page while {extent.streams:,} streams are told of comments", "streams"),
    ]


POSTINGS = (("alone", "alone"), (f"while {CLIENTS} clients read", "posting"))

THREADS_READ = tuple((f"post with {size:,} comments", name) for name, size in THREADS.items())


def pace(figures: Figures, what: str, key: str) -> list[str]:
    show: Callable[[str, str], str] = lambda name, form: form.format(figures[name]) if name in figures else ""  # noqa: E731
    return [what, show(f"{key}.rate", "{:,.0f}"), show(f"{key}.p50", "{:.1f}"), show(f"{key}.p99", "{:.1f}")]


def imports(figures: Figures, extent: Extent) -> str:
    comments = extent.import_posts * extent.import_comments_each
    return (
        f"`flask import` of a classic Blogger export of {extent.import_posts:,} posts and {comments:,} comments "
        f"({figures['import.size'] / MB:.1f} MB), start of the command included: "
        f"**{figures['import.comments']:,.0f} comments/s**, {figures['import.bytes'] / MB:.2f} MB/s."
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:" if len(head) > 2 else "---"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
