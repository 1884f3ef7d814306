"""Bringing in an export from wherever it comes: the command line, or an upload at the desk."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from blog.importing.dry_run import rehearsal
from blog.importing.formats.open_export import open_export
from blog.importing.load.batches import Progress, unseen
from blog.importing.load.fetch_images import keep_in_media, only_look
from blog.importing.load.old_hosts import told_host
from blog.importing.load.run import load
from blog.importing.report import Report


def bring_in(
    path: Path, *, blog: str = "", blog_url: str = "", dry_run: bool = False, progress: Progress = unseen
) -> Report:
    """Bring in the export at `path` and say what that did; Unusable, in one sentence, where it cannot be imported.

    `blog` names one of several blogs in a Takeout, `blog_url` the address at which the blog stood. `progress` is told
    (done, total) entries; total is 0 while the export is read for the first time. With `dry_run` nothing is written.
    """
    host = told_host(blog_url)
    source = open_export(path, blog, progress)
    with rehearsal() if dry_run else nullcontext():
        report = load(source, host=host, keep=only_look if dry_run else keep_in_media, progress=progress)
    report.dry_run = dry_run
    return report
