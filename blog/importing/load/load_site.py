"""Adopt an old blog's name, time zone and language."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytz  # type: ignore[import-untyped]
from babel import Locale
from babel.core import UnknownLocaleError

from blog.db import writing
from blog.importing import archive
from blog.importing.report import Report
from blog.site.models import Site, current_site, raise_site_version


def load_site(found: archive.Site, report: Report) -> None:
    """Adopt the settings in one transaction, unless this blog has a name."""
    if not found.title or not current_site().is_unnamed:
        return
    with writing():
        site = current_site()
        site.title, site.tagline = " ".join(found.title.split())[:200], found.tagline[:500]
        _set_timezone(site, found.zone, report)
        _set_language(site, found.language, report)
        raise_site_version()
    report.adopted_settings = f"the name “{site.title}”, the time zone {site.timezone}, the language {site.language}"


def _set_timezone(site: Site, zone: str, report: Report) -> None:
    # zoneinfo stores dates and pytz (through Babel) formats them, so both must know the zone
    if zone in available_timezones() and zone in pytz.all_timezones_set:
        site.timezone = zone
    elif zone:
        report.unknown_settings.append(f"Unknown time zone “{zone}” in the export: the blog stays in {site.timezone}.")


def _set_language(site: Site, language: str, report: Report) -> None:
    if not language:
        return
    try:
        site.language = str(Locale.parse(language.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        report.unknown_settings.append(f"Unknown language “{language}” in the export: it stays {site.language}.")
