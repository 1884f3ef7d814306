"""Answer for addresses of posts and lists that lead nowhere."""

from __future__ import annotations

from flask import Response

from blog.posts.addresses.old_paths import find_moved
from blog.posts.addresses.suggestions import suggest_labels, suggest_posts
from blog.web import error_pages, htmx
from blog.web.http_cache import permanent_redirect, private


def answer_missing(path: str = "", label: str = "") -> Response | int:
    """Redirect from an old path, or return 410, or a page for 404 that proposes others."""
    moved, gone = find_moved(path) if path else (None, False)
    if moved:
        return permanent_redirect(moved)
    if gone or htmx.is_htmx_request():
        return 410 if gone else 404
    posts, labels = suggest_posts(path), suggest_labels(label or path)
    return private(error_pages.render_error(404, "posts/not_found.html", posts=posts, labels=labels), 404)
