"""Commands of the loading bay."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from blog.importing.job import run
from blog.importing.load.run import bring_in
from blog.importing.progress import ProgressBar


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report what would come in, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--blog", default="", metavar="TITLE", help="Which blog of a Takeout that holds several.")
@click.option("--blog-url", default="", metavar="URL", help="Where the blog stood, if the export does not know.")
def import_file(file: Path, dry_run: bool, as_json: bool, blog: str, blog_url: str) -> None:
    """Bring in the posts and comments of FILE, an export of Blogger: the .xml of “Back up content”, the .zip of Google
    Takeout or the feed.atom in it.

    What stands already is left as it is. A file that is broken is refused whole.
    """
    with ProgressBar(sys.stderr) as progress:
        report = bring_in(file, blog=blog, blog_url=blog_url, dry_run=dry_run, progress=progress)
    if dry_run:
        click.echo("A dry run: nothing was written.", err=True)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else "\n".join(report.lines()))


imports = AppGroup("imports", help="Imports that were asked for at the desk.")


@imports.command("run", hidden=True)
@click.argument("import_id", type=int)
def run_import(import_id: int) -> None:
    """Do the work of one; the server starts this in a process of its own."""
    run(import_id)


COMMANDS: tuple[click.Command, ...] = (import_file, imports)
