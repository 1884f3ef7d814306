"""Read and set the headers of htmx, and link its scripts."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Flask, Response, request

VERSION = "4.0.1"
CDN = f"https://cdn.jsdelivr.net/npm/htmx.org@{VERSION}/dist/"


@dataclass(frozen=True)
class Script:
    """Describe a file of the pinned release: CDN, local copy, SRI hash."""

    cdn_url: str
    static_path: str
    integrity: str


SCRIPTS = (
    Script(
        f"{CDN}htmx.min.js",
        f"vendor/htmx-{VERSION}.min.js",
        "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn",
    ),
    Script(
        f"{CDN}ext/hx-sse.min.js",
        f"vendor/hx-sse-{VERSION}.min.js",
        "sha384-v8HvucQ+ohQhMg0arboXc5049yNR46QKMjphs7YDch+Wm7zpfK5XVS01f26mQDJV",
    ),
)


def init(app: Flask) -> None:
    static = app.config["SETTINGS"].htmx_from == "static"

    scripts = [{"src": f"/static/{s.static_path}" if static else s.cdn_url, "integrity": s.integrity} for s in SCRIPTS]
    app.jinja_env.globals.update(dom_id=dom_id, htmx_scripts=scripts)


def is_htmx_request() -> bool:
    """Return whether htmx sent the request."""
    return request.headers.get("HX-Request") == "true"


def dom_id(thing: object, part: str = "", noun: str = "") -> str:
    """Build an element id: `comment-7`, or for a part `comment-7-replies`."""
    name = noun or type(thing).__name__.lower()
    return "-".join(filter(None, (name, str(getattr(thing, "id", thing)), part)))


def trigger(response: Response, event: str, detail: dict[str, object]) -> Response:
    """Have htmx dispatch `event` in the page when the response has arrived."""
    response.headers["HX-Trigger"] = json.dumps({event: detail})
    return response


def retarget(response: Response, selector: str, swap: str) -> Response:
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = swap
    return response
