"""Open an export of any supported format as an `Archive`.

To add a format, write a module beside `blogger` with a function that reads a path and returns an `Archive`. Then let
`detect` recognize it, by its first bytes or its root tag, and call your function here, in `open_export`.
"""

from __future__ import annotations

from pathlib import Path

from blog.importing.archive import Archive, Site
from blog.importing.formats.atom import Feed
from blog.importing.formats.blogger import blog_settings
from blog.importing.formats.blogger.albums import Albums
from blog.importing.formats.blogger.feed import read_feed
from blog.importing.formats.blogger.takeout_zip import TakeoutZip
from blog.importing.formats.detect import ZIP, check_feed, detect_container
from blog.importing.load.batches import Progress, ignore_progress


def open_export(path: Path, blog: str = "", progress: Progress = ignore_progress) -> Archive:
    """Read the export at `path` once, to its end.

    `blog` selects one of several blogs in a zip. `progress` is called with the number of entries read, and 0.

    Raises: UnusableExport if the file cannot be imported.
    """
    if detect_container(path) == ZIP:
        return _open_takeout(TakeoutZip(path), blog, progress)
    feed = check_feed(Feed(str(path), lambda: path.open("rb")))
    return read_feed(feed, _read_site_beside(path), progress=progress)


def _open_takeout(takeout: TakeoutZip, blog: str, progress: Progress) -> Archive:
    entry = takeout.choose_feed(blog)
    feed = check_feed(takeout.as_feed(entry))
    return read_feed(feed, takeout.read_site(entry), Albums(takeout).find_picture, progress)


def _read_site_beside(path: Path) -> Site | None:
    """Read the settings file that an unpacked Takeout has beside the feed."""
    settings = path.with_name("settings.csv")
    if path.suffix != ".atom" or not settings.is_file() or settings.stat().st_size > blog_settings.MAX_SETTINGS_BYTES:
        return None
    return blog_settings.parse_settings(settings.read_bytes())
