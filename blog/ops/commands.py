"""Provide the commands that show counts and settings."""

from __future__ import annotations

import json

import click
from flask import current_app

from blog.ops.stats import count_content, format_counts
from blog.settings import given_settings


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_stats(as_json: bool) -> None:
    """Count posts, pages, drafts, labels, authors, and comments by status."""
    counts = count_content()
    click.echo(json.dumps(counts) if as_json else "\n".join(format_counts(counts)))


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_settings(as_json: bool) -> None:
    """Show each deploy setting and where it comes from, without passwords."""
    given = given_settings()
    rows = [
        (name, text, given[name].source if name in given else "default")
        for name, text in current_app.config["SETTINGS"].described().items()
    ]
    if as_json:
        click.echo(json.dumps({name: {"value": text, "source": source} for name, text, source in rows}))
        return
    for name, text, source in rows:
        click.echo(f"{name}={text}  ({source})")


COMMANDS: tuple[click.Command, ...] = (show_stats, show_settings)
