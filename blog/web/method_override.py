"""Let plain forms send PUT, PATCH and DELETE: a POST with `?_method=DELETE`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, url_for

ALLOWED_METHODS = {"PUT", "PATCH", "DELETE"}


def init(app: Flask) -> None:
    app_without_override = app.wsgi_app

    def override_method(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # only a POST: the CSRF token is checked under either method
        if environ["REQUEST_METHOD"] == "POST" and "_method=" in environ.get("QUERY_STRING", ""):
            method = parse_qs(environ["QUERY_STRING"]).get("_method", [""])[0].upper()
            if method in ALLOWED_METHODS:
                environ["REQUEST_METHOD"] = method
        return app_without_override(environ, start_response)

    app.wsgi_app = override_method  # type: ignore[method-assign]
    app.jinja_env.globals.update(delete_url=delete_url)


def delete_url(endpoint: str, **values: Any) -> str:
    """Return the address to which a plain form posts in order to delete."""
    return f"{url_for(endpoint, **values, _method='DELETE')}?_method=DELETE"
