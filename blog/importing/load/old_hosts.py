"""Where a blog stood, whose links then lead within this one: what its export says, and what its owner says."""

from __future__ import annotations

from urllib.parse import urlsplit

from blog.errors import Unusable
from blog.importing.archive import Site
from blog.importing.load.cleaning import OldHost

BLOGSPOT = ".blogspot."


def told_host(blog_url: str) -> str:
    """The host in the address that an owner gave, with or without its http; "" for "". Unusable for anything else."""
    if not blog_url.strip():
        return ""
    try:
        parts = urlsplit(blog_url.strip() if "//" in blog_url else f"https://{blog_url.strip()}")
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or "." not in host or parts.scheme not in {"http", "https"}:
        raise Unusable(f"“{blog_url}” is no address of a blog: give it as it was, such as https://blog.example.org.")
    return host


def old_host_of(site: Site, told: str) -> OldHost:
    """The host that the blog stood at, and the one that it had besides."""
    return OldHost(told, site.host if site.host != told else "") if told else OldHost(site.host)


def question(site: Site, told: str) -> str:
    """What the owner should be asked, in a sentence; "" where the address is known."""
    if told or (site.host and not (site.hosted and BLOGSPOT in site.host)):
        return ""
    ask = "give it with --blog-url https://… when the posts come in, so that links within the blog stay within it"
    if site.host:
        return f"The blog had a domain of its own, which the export does not name: {ask}."
    return f"The export does not say at which address the blog stood: {ask}."
