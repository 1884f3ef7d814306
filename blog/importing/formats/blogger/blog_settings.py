"""Read the blog's settings from `settings.csv` in a Takeout."""

from __future__ import annotations

import csv
import io

from blog.html import plain_text
from blog.importing.archive import Site

MAX_SETTINGS_BYTES = 1_000_000


def parse_settings(content: bytes) -> Site | None:
    """Return the blog's settings, or None if they cannot be read.

    The other columns are ignored: they contain e-mail addresses.
    """
    try:
        row = next(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")), None)
    except (csv.Error, UnicodeDecodeError):
        return None
    if not row:
        return None

    def column(name: str) -> str:
        return (row.get(f"blog_{name}") or "").strip()

    subdomain = column("subdomain")
    return Site(
        title=column("name"),
        tagline=plain_text(column("description")),
        zone=column("time_zone"),
        language=column("locale"),
        host=f"{subdomain}.blogspot.com" if subdomain and "." not in subdomain else subdomain,
        custom_domain=column("publishing_mode").endswith("HOSTED"),
    )
