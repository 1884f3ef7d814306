"""Commands for developers: fill a blog, and measure the spam filter on invented responses."""

from __future__ import annotations

import json

import click

from blog.dev.fill import Extent, fill
from blog.dev.spam_simulation import rehearsed
from blog.errors import Unusable
from blog.spam.metrics import format_table


@click.command("fill")
@click.option("--posts", type=click.IntRange(1, 1_000_000), required=True, help="How many posts.")
@click.option("--comments", type=click.IntRange(0, 10_000_000), required=True, help="How many comments in all.")
@click.option("--largest", type=click.IntRange(0, 1_000_000), default=0, help="How many of them the newest post has.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other texts and threads.")
def fill_blog(posts: int, comments: int, largest: int, seed: int) -> None:
    """Add invented posts and comments, to see how the blog behaves when it is large."""
    if largest > comments:
        raise Unusable(f"--largest {largest} is more than all of the {comments} comments: give it at most --comments.")
    with click.progressbar(length=posts + comments, label="Filling") as bar:
        for written in fill(Extent(posts, comments, largest), seed):
            bar.update(written)
    click.echo(f"{posts} posts and {comments} comments added.")


@click.command("simulate-spam")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate_spam(as_json: bool) -> None:
    """Show what the filter makes of an invented blog's responses, with their domains, posts and readers.

    They were written for this by those who wrote the filter: an aim, not a figure.
    """
    found = rehearsed()
    if as_json:
        click.echo(json.dumps({"synthetic": True, **{name: one.as_json() for name, one in found.items()}}))
    else:
        click.echo("On invented responses, written by those who wrote the filter: an aim, not a figure.")
        click.echo("\n".join(format_table(found)))


COMMANDS: tuple[click.Command, ...] = (fill_blog, simulate_spam)
