"""Serve robots.txt, sitemaps, oEmbed, the licence and the well-known addresses."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from blog.db import now, parse_id
from blog.discovery.ai_choice import LICENSE_PATH, license_document
from blog.discovery.oembed import describe_embed, find_embedded_post
from blog.discovery.robots import robots_text, security_text
from blog.discovery.sitemaps import news_sitemap, page_sitemap, post_sitemap, sitemap_index
from blog.html.script_json import script_json
from blog.site.models import current_site
from blog.web.http_cache import cacheable

blueprint = Blueprint("discovery", __name__)

XML, TEXT = "application/xml", "text/plain"


@blueprint.get("/robots.txt")
def show_robots() -> ResponseReturnValue:
    return cacheable(robots_text(current_site()), media_type=TEXT)


@blueprint.get("/sitemap.xml")
def index_sitemaps() -> ResponseReturnValue:
    """Show the index, or at Blogger's `?page=1` one of its sitemaps."""
    number = request.args.get("page")
    text = sitemap_index() if number is None else post_sitemap(parse_id(number) or 0)
    return cacheable(text or abort(404), media_type=XML)


@blueprint.get("/sitemap-pages.xml")
def show_pages() -> ResponseReturnValue:
    return cacheable(page_sitemap(), media_type=XML)


@blueprint.get("/news-sitemap.xml")
def show_news() -> ResponseReturnValue:
    return cacheable(news_sitemap(current_site(), now()), media_type=XML)


@blueprint.get("/.well-known/security.txt")
def show_security() -> ResponseReturnValue:
    return cacheable(security_text(current_site(), now()) or abort(404), media_type=TEXT)


@blueprint.get("/.well-known/change-password")
def show_password() -> ResponseReturnValue:
    return redirect(url_for("editors.edit_password"))


@blueprint.get("/oembed")
def show_embed() -> ResponseReturnValue:
    if request.args.get("format", "json") != "json":
        abort(501)
    post = find_embedded_post(request.args.get("url", "")) or abort(404)
    sizes = (parse_id(request.args.get("maxwidth")), parse_id(request.args.get("maxheight")))
    return cacheable(script_json(describe_embed(post, current_site(), *sizes)), media_type="application/json")


@blueprint.get(LICENSE_PATH)
def show_license() -> ResponseReturnValue:
    return cacheable(license_document(current_site()) or abort(404), media_type="application/rsl+xml")
