"""Taking over the name, the zone and the language of a blog, where nobody has named this one yet."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytz  # type: ignore[import-untyped]
from babel import Locale
from babel.core import UnknownLocaleError

from blog.db import writing
from blog.importing import archive
from blog.importing.report import Report
from blog.site.models import Site, current_site, raise_site_version


def take_site(found: archive.Site, report: Report) -> None:
    """In one act, where the export names its blog and this one has no name."""
    if not found.title or not current_site().is_unnamed:
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
