"""Define the command `flask demo`."""

from __future__ import annotations

import click

from blog.posts.seed import add_demo_posts


@click.command("demo")
def demo() -> None:
    """Plant a few demonstration posts that use every field."""
    count = add_demo_posts()
    click.echo(f"{count} demonstration posts added." if count else "The demonstration posts exist already.")


COMMANDS: tuple[click.Command, ...] = (demo,)
