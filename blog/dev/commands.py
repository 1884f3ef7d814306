"""Provide commands for developers: fill a blog and simulate spam."""

from __future__ import annotations

import json

import click

from blog.dev.fill import Extent, fill
from blog.dev.spam_simulation import simulate
from blog.errors import Unusable
from blog.spam.metrics import format_table


@click.command("fill")
@click.option("--posts", type=click.IntRange(1, 1_000_000), required=True, help="How many posts.")
@click.option("--comments", type=click.IntRange(0, 10_000_000), required=True, help="How many comments in all.")
@click.option("--largest", type=click.IntRange(0, 1_000_000), default=0, help="How many of them the newest post has.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other texts and threads.")
def fill_blog(posts: int, comments: int, largest: int, seed: int) -> None:
    """Add fake posts and comments, to test a large blog."""
    if largest > comments:
        raise Unusable(f"--largest {largest} is more than --comments {comments}: make it smaller.")
    with click.progressbar(length=posts + comments, label="Filling") as bar:
        for written in fill(Extent(posts, comments, largest), seed):
            bar.update(written)
    click.echo(f"Added {posts} posts and {comments} comments.")


@click.command("simulate-spam")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate_spam(as_json: bool) -> None:
    """Measure the spam filter on the responses of a simulated blog.

    The authors of the filter wrote them, so the result is an aim, not a figure.
    """
    results = simulate()
    if as_json:
        click.echo(json.dumps({"synthetic": True, **{name: measures.as_json() for name, measures in results.items()}}))
    else:
        click.echo("Simulated responses, written by the authors of the filter: an aim, not a figure.")
        click.echo("\n".join(format_table(results)))


COMMANDS: tuple[click.Command, ...] = (fill_blog, simulate_spam)
