"""Bringing in an export from wherever it comes: the command line, or an upload at the desk."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from blog.exchange.batches import Progress, unseen
from blog.exchange.exports import open_export
from blog.exchange.homes import told_host
from blog.exchange.loading import load
from blog.exchange.pictures import keep_in_media, only_look
from blog.exchange.rehearsing import rehearsal
from blog.exchange.reporting import Report


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
