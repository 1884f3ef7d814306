"""Serve the site's icons and its web app manifest."""

from __future__ import annotations

import json

from flask import Blueprint, abort, make_response, request
from flask.typing import ResponseReturnValue

from blog.media.site_icon import build_manifest, read_favicon, read_icon
from blog.site.models import current_site
from blog.web.http_cache import cacheable
from blog.web.static_files import IMMUTABLE, find_static_file

blueprint = Blueprint("icons", __name__)


@blueprint.get("/manifest.webmanifest")
def show_manifest() -> ResponseReturnValue:
    answer = cacheable(json.dumps(build_manifest(current_site()), ensure_ascii=False))
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/favicon.ico")
def show_favicon() -> ResponseReturnValue:
    return send_icon(find_favicon(), "image/vnd.microsoft.icon", "no-cache")


@blueprint.get("/icons/<digest>/<name>")
def show_icon(digest: str, name: str) -> ResponseReturnValue:
    return send_icon(read_or_none(digest, name) or abort(404), "image/png", IMMUTABLE)


def find_favicon() -> bytes:
    """Return the site's icon, or the program's if there is none or its file is gone."""
    default, _cache_control = find_static_file("img/favicon.ico") or abort(404)
    try:
        return read_favicon() or default.content
    except OSError:
        return default.content


def read_or_none(digest: str, name: str) -> bytes | None:
    try:
        return read_icon(digest, name)
    except OSError:
        return None


def send_icon(content: bytes, kind: str, cache_control: str) -> ResponseReturnValue:
    answer = make_response(content)
    answer.headers["Content-Type"], answer.headers["Cache-Control"] = kind, cache_control
    answer.add_etag()
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # the server sets the date
    return answer
