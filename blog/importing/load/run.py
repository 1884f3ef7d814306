"""Loading an archive into the blog: in batches of whole entries, each of them one act.

What stands is left as it is, so that an import can be run again: after an interruption it goes on, and from a later
export it takes what is new.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from blog.comments.models import Comment
from blog.importing import archive
from blog.importing.dry_run import rehearsal
from blog.importing.formats.open_export import open_export
from blog.importing.load.batches import Progress, Tally, batches, fresh, unseen
from blog.importing.load.cleaning import Cleaners, clean_comments, clean_posts
from blog.importing.load.fetch_images import Keep, Pictures, only_look, store_image
from blog.importing.load.load_comments import load_comments
from blog.importing.load.load_posts import addressed_first, load_posts
from blog.importing.load.load_site import take_site
from blog.importing.load.old_hosts import old_host_of, question, told_host
from blog.importing.report import Report
from blog.posts.models import Post


def load(source: archive.Archive, *, host: str = "", keep: Keep = store_image, progress: Progress = unseen) -> Report:
    """Bring in what does not stand yet: the site's name where it has none, posts, then comments.

    `host` is where the blog stood, if somebody said so; `keep` puts a picture away and gives its address.
    """
    home = old_host_of(source.site, host)
    report = Report(
        host=home.host,
        question=question(source.site, host),
        doubled=source.doubled,
        circular=source.circular,
        skipped=source.skipped,
        unpacked=source.unpacked,
        mended=source.mended,
    )
    take_site(source.site, report)
    tally = Tally(progress, source.total)
    pictures = Pictures(source.picture, keep, report)
    with Cleaners(home) as cleaners:
        posts = fresh(batches(tally.over(addressed_first(source.posts))), Post, report)
        settled = ([pictures.settled(post) for post in batch] for batch in posts)
        for batch in cleaners.cleaned(settled, clean_posts):
            load_posts(batch, home.host, report)
        comments = fresh(batches(tally.over(source.comments())), Comment, report)
        for answers in cleaners.cleaned(comments, clean_comments):
            load_comments(answers, report)
    progress(source.total, source.total)
    return report


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
        report = load(source, host=host, keep=only_look if dry_run else store_image, progress=progress)
    report.dry_run = dry_run
    return report
