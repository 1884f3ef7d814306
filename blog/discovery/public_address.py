"""Build absolute addresses of the blog's pages."""

from __future__ import annotations

from flask import current_app, request


def public_address(path: str = "") -> str:
    """Return the absolute address of a path that begins with a slash.

    It begins with BLOG_URL, else with the request's host. That host may be forged, but only its sender gets the page.
    """
    blog_url: str = current_app.config["SETTINGS"].blog_url
    # not `host_url`, which fails for hosts such as xn--a
    return (blog_url.rstrip("/") or f"{request.scheme}://{request.host}") + path
