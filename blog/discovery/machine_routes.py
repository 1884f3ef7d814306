"""Serve oEmbed and the licence."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from blog.db import parse_id
from blog.discovery.ai_choice import LICENSE_PATH, license_document
from blog.discovery.oembed import describe_embed, find_embedded_post
from blog.html.script_json import script_json
from blog.site.models import current_site
from blog.web.http_cache import cacheable

blueprint = Blueprint("machines", __name__)


@blueprint.get("/oembed")
def show_embed() -> ResponseReturnValue:
    if request.args.get("format", "json") != "json":
        abort(501)
    post = find_embedded_post(request.args.get("url", "")) or abort(404)
    sizes = (parse_id(request.args.get("maxwidth")), parse_id(request.args.get("maxheight")))
    return _typed(script_json(describe_embed(post, current_site(), *sizes)), "application/json")


@blueprint.get(LICENSE_PATH)
def show_license() -> ResponseReturnValue:
    return _typed(license_document(current_site()) or abort(404), "application/rsl+xml; charset=utf-8")


def _typed(text: str, content_type: str) -> Response:
    answer = cacheable(text)
    answer.headers["Content-Type"] = content_type
    return answer
