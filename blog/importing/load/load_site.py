"""Adopt an old blog's name, time zone and language."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

import pytz  # type: ignore[import-untyped]
from babel import Locale
from babel.core import UnknownLocaleError

from blog.db import writing
from blog.html.invisible_characters import clean_line
from blog.importing import archive
from blog.importing.report import Report
from blog.site.models import Site, current_site, raise_site_version
from blog.stored_messages import Message, message


def load_site(found: archive.Site, report: Report) -> None:
    """Adopt the settings in one transaction, unless this blog has a name."""
    if not found.title or not current_site().is_unnamed:
        return
    with writing():
        site = current_site()
        site.atom_id = site.atom_id or found.atom_id
        site.title, site.tagline = clean_line(found.title)[:200], clean_line(found.tagline)[:500]
        unknown = [*_set_timezone(site, found.zone), *_set_language(site, found.language)]
        raise_site_version()
    adopted = message("adopted_settings", title=site.title, timezone=site.timezone, language=site.language)
    report.about_site += [adopted, *unknown]


def _set_timezone(site: Site, zone: str) -> Iterator[Message]:
    # zoneinfo stores dates and pytz (through Babel) formats them, so both must know the zone
    if zone in available_timezones() and zone in pytz.all_timezones_set:
        site.timezone = zone
    elif zone:
        yield message("unknown_timezone", zone=zone, timezone=site.timezone)


def _set_language(site: Site, language: str) -> Iterator[Message]:
    if not language:
        return
    try:
        site.language = str(Locale.parse(language.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        yield message("unknown_language", unknown=language, language=site.language)
