"""Find the host of the old blog, to make its links local."""

from __future__ import annotations

from urllib.parse import urlsplit

from blog.importing.archive import Site
from blog.importing.export_errors import UnusableExport
from blog.importing.load.cleaning import OldHost
from blog.stored_messages import Message, message

BLOGSPOT = ".blogspot."


def parse_host(blog_url: str) -> str:
    """Return the host of a URL with or without scheme.

    "" gives "". Raises: UnusableExport for anything else.
    """
    if not blog_url.strip():
        return ""
    try:
        parts = urlsplit(blog_url.strip() if "//" in blog_url else f"https://{blog_url.strip()}")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or "." not in host or parts.scheme not in {"http", "https"}:
        raise UnusableExport("no_blog_url", url=blog_url)
    return host


def find_old_host(site: Site, host: str) -> OldHost:
    """Combine the owner's `host` with the one in the export."""
    return OldHost(host, site.host if site.host != host else "") if host else OldHost(site.host)


def ask_for_host(site: Site, host: str) -> list[Message]:
    """Ask for the old address, unless it is known."""
    if host or (site.host and not (site.custom_domain and BLOGSPOT in site.host)):
        return []
    return [message("ask_for_domain" if site.host else "ask_for_host")]
