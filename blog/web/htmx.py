"""What the server says to htmx and where the browser gets it from."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Flask, Response, request

VERSION = "4.0.1"
CDN = f"https://cdn.jsdelivr.net/npm/htmx.org@{VERSION}/dist/"


@dataclass(frozen=True)
class Script:
    """A file of the pinned release: its place on the CDN, its copy here, and the hash that both must have."""

    on_cdn: str
    here: str
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

    scripts = [{"src": f"/static/{s.here}" if static else s.on_cdn, "integrity": s.integrity} for s in SCRIPTS]
    app.jinja_env.globals.update(dom_id=dom_id, htmx_scripts=scripts)


def wanted() -> bool:
    """Whether htmx asks, so that a fragment is the answer."""
    return request.headers.get("HX-Request") == "true"


def dom_id(thing: object, part: str = "", noun: str = "") -> str:
    """The id of a record's element, `comment-7`, or of a part of it, `comment-7-replies`; nobody types an id."""
    name = noun or type(thing).__name__.lower()
    return "-".join(filter(None, (name, str(getattr(thing, "id", thing)), part)))


def trigger(response: Response, event: str, detail: dict[str, object]) -> Response:
    """Have htmx send `event` through the page once the answer has been put in its place."""
    response.headers["HX-Trigger"] = json.dumps({event: detail})
    return response


def retarget(response: Response, selector: str, swap: str) -> Response:
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = swap
    return response
