"""Bound the bodies of requests that Flask parses."""

from __future__ import annotations

from flask import Flask, request, session

from blog.settings import Settings

READER_BODY = 192 * 1024
"""Bytes of a reader's request: a form with 10,000 emoji, percent-encoded, has some 125,000."""


DESK_FORM = 5_000_000
"""Bytes that all texts of an editor's form may have together."""


def init(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]

    # registered before the check of the CSRF token, which reads the form
    @app.before_request
    def bound_body() -> None:
        if request.path.startswith("/desk/") and signed_in_once():
            request.max_content_length, request.max_form_memory_size = settings.max_body, DESK_FORM


def signed_in_once() -> bool:
    """Whether the signed cookie is of a browser that was signed in; what it sends may be large, and is given back."""
    return "desk" in session
