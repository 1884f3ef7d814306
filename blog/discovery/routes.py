"""Serve robots.txt, sitemaps and the well-known addresses."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from blog.db import now, parse_id
from blog.discovery.robots import robots_text, security_text
from blog.discovery.sitemaps import news_sitemap, page_sitemap, post_sitemap, sitemap_index
from blog.site.models import current_site
from blog.web.http_cache import cacheable

blueprint = Blueprint("discovery", __name__)

XML, TEXT = "application/xml; charset=utf-8", "text/plain; charset=utf-8"


@blueprint.get("/robots.txt")
def show_robots() -> ResponseReturnValue:
    return respond(robots_text(), TEXT)


@blueprint.get("/sitemap.xml")
def index_sitemaps() -> ResponseReturnValue:
    """Show the index, or at Blogger's `?page=1` one of its sitemaps."""
    number = request.args.get("page")
    text = sitemap_index() if number is None else post_sitemap(parse_id(number) or 0)
    return respond(text or abort(404), XML)


@blueprint.get("/sitemap-pages.xml")
def show_pages() -> ResponseReturnValue:
    return respond(page_sitemap(), XML)


@blueprint.get("/news-sitemap.xml")
def show_news() -> ResponseReturnValue:
    return respond(news_sitemap(current_site(), now()), XML)


@blueprint.get("/.well-known/security.txt")
def show_security() -> ResponseReturnValue:
    return respond(security_text(current_site(), now()) or abort(404), TEXT)


@blueprint.get("/.well-known/change-password")
def show_password() -> ResponseReturnValue:
    return redirect(url_for("editors.edit_password"))


def respond(text: str, content_type: str) -> Response:
    answer = cacheable(text)
    answer.headers["Content-Type"] = content_type
    return answer
