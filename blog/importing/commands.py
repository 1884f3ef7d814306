"""Provide the commands that import a blog."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from blog.importing.job import run_import
from blog.importing.load.run import load_export
from blog.importing.progress import ProgressBar


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report what would be imported, without writing anything.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--blog", default="", metavar="TITLE", help="Which blog to import from a Takeout with several.")
@click.option("--blog-url", default="", metavar="URL", help="The blog's old address, if the export does not name it.")
def import_file(file: Path, dry_run: bool, as_json: bool, blog: str, blog_url: str) -> None:
    """Import the posts and comments of FILE, a Blogger export.

    FILE is the .xml of “Back up content”, the .zip of Google Takeout or the feed.atom in it. Entries that were
    imported before are left unchanged. A broken file is rejected as a whole, a bad entry skipped and reported.
    """
    with ProgressBar(sys.stderr) as progress:
        report = load_export(file, blog=blog, blog_url=blog_url, dry_run=dry_run, progress=progress)
    if dry_run:
        click.echo("Dry run: nothing was written.", err=True)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else "\n".join(report.lines()))


imports = AppGroup("imports", help="Imports that editors started at the desk.")


@imports.command("run", hidden=True)
@click.argument("import_id", type=int)
def run_queued_import(import_id: int) -> None:
    """Run one queued import; the server starts this in a separate process."""
    run_import(import_id)


COMMANDS: tuple[click.Command, ...] = (import_file, imports)
