"""PUT, PATCH and DELETE for plain forms: a POST to an address that ends in `?_method=DELETE`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from flask import Flask

ALLOWED = {"PUT", "PATCH", "DELETE"}


def init(app: Flask) -> None:
    inner = app.wsgi_app

    def overridden(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # only a POST, which is checked for its token under either name
        if environ["REQUEST_METHOD"] == "POST" and "_method=" in environ.get("QUERY_STRING", ""):
            method = parse_qs(environ["QUERY_STRING"]).get("_method", [""])[0].upper()
            if method in ALLOWED:
                environ["REQUEST_METHOD"] = method
        return inner(environ, start_response)

    app.wsgi_app = overridden  # type: ignore[method-assign]
