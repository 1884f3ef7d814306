"""Loading an archive into the blog: in batches of whole entries, each of them one act.

What stands is left as it is, so that an import can be run again: after an interruption it goes on, and from a later
export it takes what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import available_timezones

import pytz  # type: ignore[import-untyped]
from babel import Locale
from babel.core import UnknownLocaleError

from blog.db import writing
from blog.exchange import archive
from blog.exchange.batches import batches
from blog.exchange.loading_comments import load_comments
from blog.exchange.loading_posts import load_posts
from blog.exchange.reporting import Report
from blog.site.models import Site, current_site, raise_site_version


def load(source: archive.Archive) -> Report:
    """Bring in what does not stand yet: the site's name where it has none, posts, then comments."""
    report = Report(host=source.site.host, doubled=source.doubled, circular=source.circular)
    _take_site(source.site, report)
    for posts in batches(_addressed_first(source.posts)):
        load_posts(posts, source.site.host, report)
    for comments in batches(source.comments()):
        load_comments(comments, source.site.host, report)
    return report


def _addressed_first(posts: Callable[[], Iterator[archive.Post]]) -> Iterator[archive.Post]:
    """Posts that bring their address before those that need one, so that no old address is given away."""
    waiting = False
    for post in posts():
        if post.path or post.draft:
            yield post
        else:
            waiting = True
    if waiting:
        yield from (post for post in posts() if not post.path and not post.draft)


def _take_site(found: archive.Site, report: Report) -> None:
    if not found.title or not current_site().untouched:
        return
    with writing():
        site = current_site()
        site.title, site.tagline = " ".join(found.title.split())[:200], found.tagline[:500]
        _take_zone(site, found.zone, report)
        _take_language(site, found.language, report)
        raise_site_version()
    report.named = f"the name “{site.title}”, the time zone {site.timezone}, the language {site.language}"


def _take_zone(site: Site, zone: str, report: Report) -> None:
    # dates are written by way of the one and kept by way of the other
    if zone in available_timezones() and zone in pytz.all_timezones_set:
        site.timezone = zone
    elif zone:
        report.unknown.append(f"The export's time zone “{zone}” is not known here, so it stays {site.timezone}.")


def _take_language(site: Site, language: str, report: Report) -> None:
    if not language:
        return
    try:
        site.language = str(Locale.parse(language.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        report.unknown.append(f"The export's language “{language}” is not known here, so it stays {site.language}.")
