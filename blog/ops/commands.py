"""Provide the command that counts what the blog contains."""

from __future__ import annotations

import json

import click

from blog.ops.stats import count_content, format_counts


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_stats(as_json: bool) -> None:
    """Count posts, pages, drafts, labels, authors, and comments by status."""
    counts = count_content()
    click.echo(json.dumps(counts) if as_json else "\n".join(format_counts(counts)))


COMMANDS: tuple[click.Command, ...] = (show_stats,)
