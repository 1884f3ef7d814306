"""Describe posts and the site as JSON-LD of schema.org, by Google's rules.

developers.google.com/search/docs/appearance/structured-data: article, discussion-forum, image-license-metadata,
breadcrumb. The comments are not here: their JSON is cached with the page of the thread and takes the place of
CACHE_PLACEHOLDER.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from flask_babel import format_date
from markupsafe import Markup

from blog.comments.thread.comment_data import HOST_PLACEHOLDER
from blog.comments.thread.tree import ThreadPage
from blog.discovery.lead_picture import LeadPicture
from blog.discovery.public_address import public_address
from blog.html.script_json import script_json
from blog.posts.models import PAGE, Post
from blog.site.models import Site
from blog.web.fragment_cache import CACHE_PLACEHOLDER, CachedFragment
from blog.web.i18n import iso, language_tag

CONTEXT = "https://schema.org"
ESCAPED_PLACEHOLDER = json.dumps(CACHE_PLACEHOLDER)


def post_data(post: Post, site: Site, picture: LeadPicture | None, *, is_first_page: bool) -> Markup:
    """Describe a post, with CACHE_PLACEHOLDER for its comments.

    Later pages of the thread name it by headline and address only.
    """
    named = _name_post(post)
    details = _describe_post(post, site, picture) if is_first_page else {}
    graph = [named | details | {"comment": CACHE_PLACEHOLDER}, _breadcrumbs(post, site)]
    return _to_script({"@context": CONTEXT, "@graph": graph})


def website_data(site: Site) -> Markup:
    """Describe the site, on its home page."""
    website = {"@context": CONTEXT, "@type": "WebSite", "name": site.title, "url": public_address("/")}
    return _to_script(website | _filled(description=site.tagline, inLanguage=language_tag()))


def thread_comments(thread: ThreadPage) -> CachedFragment:
    """Return the JSON of a page's comments, with the blog's scheme and host."""
    host = script_json(public_address())[1:-1]
    return thread.comments._replace(html=thread.comments.html.replace(HOST_PLACEHOLDER.encode(), host.encode()))


def _to_script(value: dict[str, Any]) -> Markup:
    # the database stores no NUL, so only the placeholder has one
    return Markup(script_json(value).replace(ESCAPED_PLACEHOLDER, CACHE_PLACEHOLDER))  # noqa: S704


def _name_post(post: Post) -> dict[str, Any]:
    kind, name = ("WebPage", "name") if post.kind == PAGE else ("NewsArticle", "headline")
    return {"@type": kind, name: post.headline, "url": public_address(post.address)}


def _describe_post(post: Post, site: Site, picture: LeadPicture | None) -> dict[str, Any]:
    published_at = post.published_at or post.updated_at
    return _filled(
        mainEntityOfPage=public_address(post.address),
        datePublished=iso(published_at) if post.kind != PAGE else "",
        dateModified=iso(max(published_at, post.updated_at)),
        description=" ".join(post.excerpt.split()),
        inLanguage=language_tag(),
        author=_describe_author(post),
        publisher=_describe_publisher(site),
        image=_describe_picture(post, picture) if picture else None,
        isBasedOn=post.source_url,
        citation=_describe_source(post),
        keywords=[label.name for label in post.labels],
    ) | {"commentCount": post.comment_count}


def _describe_author(post: Post) -> dict[str, Any] | None:
    """Describe the author, with the page of their posts.

    That page lists no pages, so those do not name it.
    """
    page = public_address(f"/search/author/{quote(post.author_name)}") if post.author_name and post.kind != PAGE else ""
    return _filled_thing("Person", name=post.author_name, url=page)


def _describe_publisher(site: Site) -> dict[str, Any]:
    logo = _filled_thing("ImageObject", url=public_address(site.icon) if site.icon else "")
    return {"@type": "Organization", "name": site.title, "url": public_address("/")} | _filled(logo=logo)


def _describe_picture(post: Post, picture: LeadPicture) -> dict[str, Any]:
    """Describe the picture; credit and licence are those of the photo."""
    image = {"@type": "ImageObject"} | _filled(
        contentUrl=picture.address,
        url=picture.address,
        width=picture.width,
        height=picture.height,
        description=picture.alt,
    )
    if not post.photo_url:
        return image
    return image | _filled(
        caption=post.photo_caption,
        creditText=post.photo_credit,
        license=post.photo_license,
        acquireLicensePage=post.photo_license_page,
    )


def _describe_source(post: Post) -> dict[str, Any] | None:
    publisher = _filled_thing("Organization", name=post.source_name)
    return _filled_thing("CreativeWork", name=post.source_title, url=post.source_url, publisher=publisher)


def _breadcrumbs(post: Post, site: Site) -> dict[str, Any]:
    """List home, the month of a post, and the post."""
    steps = [(site.title, public_address("/"))]
    if post.kind != PAGE and post.published_at:
        local = post.published_at.astimezone(site.zone)
        steps.append((format_date(local.date(), "LLLL y"), public_address(f"/{local:%Y/%m}/")))
    steps.append((post.headline, public_address(post.address)))
    items = [
        {"@type": "ListItem", "position": number, "name": name, "item": address}
        for number, (name, address) in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _filled_thing(kind: str, **members: Any) -> dict[str, Any] | None:
    """Build a thing of schema.org, None if nothing is known of it."""
    filled = _filled(**members)
    return {"@type": kind, **filled} if filled else None


def _filled(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
