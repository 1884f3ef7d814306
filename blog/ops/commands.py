"""Commands that look at the whole blog."""

from __future__ import annotations

import json

import click

from blog.ops.stats import lines, stats


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_stats(as_json: bool) -> None:
    """Count what the blog holds: published posts and pages, drafts, labels, authors, comments by state."""
    numbers = stats()
    click.echo(json.dumps(numbers) if as_json else "\n".join(lines(numbers)))


COMMANDS: tuple[click.Command, ...] = (show_stats,)
