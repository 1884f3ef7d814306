"""Opening an export, whatever it is, into the neutral shape."""

from __future__ import annotations

from pathlib import Path

from blog.importing.archive import Archive, Site
from blog.importing.formats.atom import Feed
from blog.importing.formats.blogger import blog_settings
from blog.importing.formats.blogger import feed as blogger_feed
from blog.importing.formats.blogger.albums import Album
from blog.importing.formats.blogger.takeout_zip import Takeout
from blog.importing.formats.detect import TAKEOUT, check_feed, recognise
from blog.importing.load.batches import Progress, unseen


def open_export(path: Path, blog: str = "", progress: Progress = unseen) -> Archive:
    """Read the export at `path` to its end once; Unusable, in one sentence, where that cannot be done.

    `blog` names one of several blogs in a zip. `progress` is told how many entries were read, of 0.
    """
    if recognise(path) == TAKEOUT:
        return _open_takeout(Takeout(path), blog, progress)
    feed = check_feed(Feed(str(path), lambda: path.open("rb")))
    return blogger_feed.read(feed, _site_beside(path), progress=progress)


def _open_takeout(takeout: Takeout, blog: str, progress: Progress) -> Archive:
    chosen = takeout.chosen(blog)
    feed = check_feed(takeout.feed(chosen))
    return blogger_feed.read(feed, takeout.site(chosen), Album(takeout).picture, progress)


def _site_beside(path: Path) -> Site | None:
    """A Takeout that was unpacked has the settings beside the feed."""
    settings = path.with_name("settings.csv")
    if path.suffix != ".atom" or not settings.is_file() or settings.stat().st_size > blog_settings.MOST:
        return None
    return blog_settings.site_of(settings.read_bytes())
