"""Commands of the posts room."""

from __future__ import annotations

import click

from blog.posts.seed import plant_demonstration


@click.command("demo")
def demo() -> None:
    """Plant a few demonstration posts that use every field."""
    count = plant_demonstration()
    click.echo(f"{count} demonstration posts planted." if count else "The demonstration posts stand already.")


COMMANDS: tuple[click.Command, ...] = (demo,)
