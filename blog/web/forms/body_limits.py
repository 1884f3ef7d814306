"""Limit the size of request bodies that Flask parses."""

from __future__ import annotations

from flask import Flask, request, session

from blog.settings import Settings

MAX_READER_BODY = 192 * 1024
"""Bytes of a reader's request: a form with 10,000 percent-encoded emoji has some 125,000."""

MAX_DESK_FORM = 5_000_000
"""Bytes of all texts in one form of an editor."""


def init(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]

    # registered before the CSRF check, which parses the form
    @app.before_request
    def limit_body() -> None:
        if request.path.startswith("/desk/") and has_desk_session():
            request.max_content_length, request.max_form_memory_size = settings.max_body, MAX_DESK_FORM


def has_desk_session() -> bool:
    """Return whether the signed session cookie is an editor's, current or expired.

    A large form of an expired session is parsed too, so that its text is not lost.
    """
    return "desk" in session
