"""Commands of the loading bay."""

from __future__ import annotations

import json
from pathlib import Path

import click

from blog.exchange import blogger
from blog.exchange.loading import load
from blog.exchange.recognition import BLOGGER, recognise
from blog.exchange.stats import lines, stats

READERS = {BLOGGER: blogger.read}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_file(file: Path) -> None:
    """Bring in the posts and comments of FILE, an export of Blogger (the .xml of “Back up content”).

    What stands already is left as it is. A file that is broken is refused whole.
    """
    source = READERS[recognise(file)](file)
    for line in load(source).lines():
        click.echo(line)


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_stats(as_json: bool) -> None:
    """Count what the blog holds: published posts and pages, drafts, labels, authors, comments by state."""
    numbers = stats()
    click.echo(json.dumps(numbers) if as_json else "\n".join(lines(numbers)))


COMMANDS: tuple[click.Command, ...] = (import_file, show_stats)
