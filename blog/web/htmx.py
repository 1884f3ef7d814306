"""Link the scripts of a page, htmx among them; read and set the headers of htmx."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from functools import cache

import re2
from flask import Flask, Response, render_template, request
from markupsafe import Markup

from blog.web.static_files import asset, static_files

VERSION = "4.0.1"
# imports are written on one line; those by import() are loaded later
STATIC_IMPORT = re2.compile(r'(?m)^(?:import|export) (?:[^"\n]* from )?"(\.[^"\n]+)";$')
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

    scripts = [
        {
            "src": asset(script.static_path) if static else script.cdn_url,
            "local": "" if static else asset(script.static_path),
            "integrity": script.integrity,
        }
        for script in SCRIPTS
    ]

    @cache
    def page_scripts(*names: str) -> Markup:
        """Render the tags of these modules of static/js, once per process."""
        entries = [f"js/{name}.js" for name in names]
        tags = render_template("_scripts.html", entries=entries, modules=with_imports(entries))
        return Markup(tags)  # noqa: S704

    app.jinja_env.globals.update(dom_id=dom_id, htmx_scripts=scripts, page_scripts=page_scripts)


def with_imports(names: list[str]) -> list[str]:
    """List modules and all modules that they import, by their path in static/.

    Browsers find an import only when they have read the module, so the page names them all.
    """
    found: dict[str, None] = {}
    for name in names:
        _add(name, found)
    return list(found)


def _add(name: str, found: dict[str, None]) -> None:
    if name in found:
        return
    found[name] = None
    for address in STATIC_IMPORT.findall(static_files()[name].content.decode()):
        _add(posixpath.normpath(posixpath.join(posixpath.dirname(name), address)), found)


def is_htmx_request() -> bool:
    """Return whether htmx sent the request and takes a part of a page.

    For a page that it restores from the history it takes a whole one.
    """
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


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
