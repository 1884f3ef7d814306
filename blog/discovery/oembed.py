"""Describe a post to sites that embed it, by oEmbed 1.0 (oembed.com)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from flask import request
from flask_babel import gettext as _
from markupsafe import Markup

from blog.discovery.lead_picture import post_picture
from blog.discovery.public_address import public_address
from blog.html.plain_text import shorten
from blog.posts.models import Post, post_at
from blog.site.models import Site

MAX_ADDRESS = 2000
MAX_EXCERPT = 300
# in pixels; a consumer may ask for less
WIDTH, HEIGHT = 600, 200
# plain, so that it needs neither a script nor a frame
HTML = Markup('<blockquote><p><a href="{address}">{headline}</a></p>{excerpt}<footer>{footer}</footer></blockquote>')


def find_embedded_post(address: str) -> Post | None:
    """Find the visible post of this blog at an absolute address."""
    if len(address) > MAX_ADDRESS:
        return None
    try:
        parts = urlsplit(address)
        path = unquote(parts.path, errors="strict")
        hosts = {urlsplit(public_address()).netloc, request.host}
    except ValueError:  # also of UnicodeDecodeError
        return None
    is_ours = parts.scheme in {"http", "https"} and parts.netloc.lower() in {host.lower() for host in hosts}
    return post_at(path) if is_ours and "\0" not in path else None


def describe_embed(post: Post, site: Site, max_width: int | None, max_height: int | None) -> dict[str, Any]:
    """Describe a post as oEmbed's "rich" type; sizes are in pixels."""
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": post.headline,
        "author_name": post.author_name or site.title,
        "provider_name": site.title,
        "provider_url": public_address("/"),
        "html": _render(post, site),
        "width": min(WIDTH, max_width or WIDTH),
        "height": min(HEIGHT, max_height or HEIGHT),
    }
    return answer | _thumbnail(post, site, max_width or 0, max_height or 0)


def _render(post: Post, site: Site) -> Markup:
    excerpt = shorten(" ".join(post.excerpt.split()), MAX_EXCERPT)
    words = [post.author_name, site.title, post.source_name and _("Source: %(source)s", source=post.source_name)]
    return HTML.format(
        address=public_address(post.address),
        headline=post.headline,
        excerpt=Markup("<p>{}</p>").format(excerpt) if excerpt else "",
        footer=" · ".join(word for word in words if word),
    )


def _thumbnail(post: Post, site: Site, max_width: int, max_height: int) -> dict[str, Any]:
    """Return the three members that must come together, if the picture is known to fit."""
    picture = post_picture(post, site)
    if picture is None or not picture.width or not picture.height:
        return {}
    if picture.width > (max_width or picture.width) or picture.height > (max_height or picture.height):
        return {}
    return {
        "thumbnail_url": picture.address, "thumbnail_width": picture.width, "thumbnail_height": picture.height
    }  # fmt: skip
