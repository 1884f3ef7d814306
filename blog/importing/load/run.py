"""Load an archive into the blog, one transaction for each batch.

Entries that were imported before are left unchanged. An import can therefore be run again: after an interruption it
continues, and from a later export it takes what is new.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from flask_babel import gettext

from blog.comments.models import Comment
from blog.importing import archive
from blog.importing.dry_run import temporary_copy
from blog.importing.formats.open_export import open_export
from blog.importing.load.batches import Progress, ProgressCounter, batches, ignore_progress, skip_imported
from blog.importing.load.cleaning import CleaningPool, clean_comments, clean_posts
from blog.importing.load.fetch_images import PictureImporter, StorePicture, check_picture, store_picture
from blog.importing.load.load_comments import load_comments
from blog.importing.load.load_posts import load_posts, with_path_first
from blog.importing.load.load_site import load_site
from blog.importing.load.old_hosts import ask_for_host, find_old_host, parse_host
from blog.importing.report import Report
from blog.posts.models import Post


def load_export(
    path: Path, *, blog: str = "", blog_url: str = "", dry_run: bool = False, progress: Progress = ignore_progress
) -> Report:
    """Import the export at `path` and return the report.

    `blog` selects one of several blogs in a Takeout; `blog_url` is the blog's old address. `progress` is called with
    (done, total) entries; total is 0 during the first read. A dry run writes nothing.

    Raises: UnusableExport if the file cannot be imported.
    """
    host = parse_host(blog_url)
    source = open_export(path, blog, progress)
    with temporary_copy() if dry_run else nullcontext():
        report = load_archive(source, host=host, store=check_picture if dry_run else store_picture, progress=progress)
    report.dry_run = dry_run
    return report


def load_archive(
    source: archive.Archive,
    *,
    host: str = "",
    store: StorePicture = store_picture,
    progress: Progress = ignore_progress,
) -> Report:
    """Load what is new: site settings, then posts, then comments.

    `host` is the old host, if the owner named it; `store` saves a picture and returns its path.
    """
    old_host = find_old_host(source.site, host)
    report = Report(
        host=old_host.host,
        about_site=ask_for_host(source.site, host),
        duplicates=source.duplicates,
        circular_replies=source.circular_replies,
        skipped=source.skipped,
        combined_labels=source.combined_labels,
        repaired_prefixes=source.repaired_prefixes,
        bad_entries=source.bad_entries,
        odd_dates=source.odd_dates,
        dropped_characters=source.dropped_characters,
    )
    load_site(source.site, report)
    old_host = replace(old_host, picture_text=gettext("Picture at %(host)s"))
    counter = ProgressCounter(progress, source.total)
    pictures = PictureImporter(source.find_picture, store, report)
    with CleaningPool(old_host) as pool:
        posts = skip_imported(batches(counter.count(with_path_first(source.posts))), Post, report)
        illustrated = ([pictures.with_local_pictures(post) for post in batch] for batch in posts)
        for cleaned_posts in pool.clean(illustrated, clean_posts):
            load_posts(cleaned_posts, old_host.host, report)
        comments = skip_imported(batches(counter.count(source.comments())), Comment, report)
        for cleaned_comments in pool.clean(comments, clean_comments):
            load_comments(cleaned_comments, report)
    progress(source.total, source.total)
    return report
