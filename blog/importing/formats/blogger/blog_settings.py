"""What `settings.csv`, beside the feed in a Takeout, says of the blog."""

from __future__ import annotations

import csv
import io

from blog.html import plain_text
from blog.importing.archive import Site

MOST = 1_000_000


def site_of(content: bytes) -> Site | None:
    """The blog as its settings have it; None where they cannot be read.

    Only these columns are looked at: others hold e-mail addresses.
    """
    try:
        row = next(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")), None)
    except (csv.Error, UnicodeDecodeError):
        return None
    if not row:
        return None

    def said(name: str) -> str:
        return (row.get(f"blog_{name}") or "").strip()

    subdomain = said("subdomain")
    return Site(
        title=said("name"),
        tagline=plain_text(said("description")),
        zone=said("time_zone"),
        language=said("locale"),
        host=f"{subdomain}.blogspot.com" if subdomain and "." not in subdomain else subdomain,
        hosted=said("publishing_mode").endswith("HOSTED"),
    )
