"""Find the host of the old blog, to make its links local."""

from __future__ import annotations

from urllib.parse import urlsplit

from blog.errors import Unusable
from blog.importing.archive import Site
from blog.importing.load.cleaning import OldHost

BLOGSPOT = ".blogspot."


def parse_host(blog_url: str) -> str:
    """Return the host of a URL with or without scheme.

    "" gives "". Raises: Unusable for anything else.
    """
    if not blog_url.strip():
        return ""
    try:
        parts = urlsplit(blog_url.strip() if "//" in blog_url else f"https://{blog_url.strip()}")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or "." not in host or parts.scheme not in {"http", "https"}:
        raise Unusable(f"“{blog_url}” is not the address of a blog: give one such as https://blog.example.org.")
    return host


def find_old_host(site: Site, host: str) -> OldHost:
    """Combine the owner's `host` with the one in the export."""
    return OldHost(host, site.host if site.host != host else "") if host else OldHost(site.host)


def ask_for_host(site: Site, host: str) -> str:
    """Ask for the old address in a sentence, unless it is known."""
    if host or (site.host and not (site.custom_domain and BLOGSPOT in site.host)):
        return ""
    request = "add --blog-url https://… to the import, so that links within the blog become local"
    if site.host:
        return f"The blog had a domain of its own, which the export does not name: {request}."
    return f"The export does not contain the blog's address: {request}."
