"""Describe a public page for its <head>: canonical address, Open Graph, cards and JSON-LD.

A page without a description is not to be indexed, see `layout.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from babel import Locale
from babel.core import get_global
from flask_babel import get_locale

from blog.comments.thread.tree import ThreadPage
from blog.discovery.ai_choice import LICENSE_PATH, states_wish
from blog.discovery.lead_picture import LeadPicture, post_picture, site_picture
from blog.discovery.public_address import public_address
from blog.discovery.structured_data import post_data, website_data
from blog.html.plain_text import shorten
from blog.posts.models import POST, Post
from blog.site.models import Site
from blog.web.pagination import parse_page_key

MAX_DESCRIPTION = 200


@dataclass(frozen=True)
class SiteMetadata:
    """Hold what every page says of the site; "" says nothing.

    `creator` is an account of the fediverse, `profiles` are the owner's pages elsewhere.
    """

    name: str
    locale: str
    license: str
    creator: str
    profiles: Sequence[str]


@dataclass(frozen=True)
class Metadata:
    """Hold what the <head> of a page says; addresses are absolute, "" says nothing.

    `title` is "" where the title of the page is right. `json_ld` is safe in a script.
    """

    site: SiteMetadata
    canonical: str
    title: str = ""
    description: str = ""
    kind: str = "website"
    picture: LeadPicture | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    author: str = ""
    tags: Sequence[str] = ()
    oembed: str = ""
    json_ld: str = ""


def describe_post(post: Post, site: Site, thread: ThreadPage) -> Metadata:
    """Describe a post or page with one page of its thread."""
    picture, address = post_picture(post, site), public_address(post.address)
    return Metadata(
        _describe_site(site),
        public_address(thread.canonical),
        title=post.headline,
        description=shorten(" ".join(post.excerpt.split()), MAX_DESCRIPTION),
        kind="article",
        picture=picture,
        published_at=post.published_at if post.kind == POST else None,
        modified_at=post.updated_at,
        author=post.author_name,
        tags=[label.name for label in post.labels],
        oembed=f"{public_address('/oembed')}?url={quote(address, safe='')}&format=json",
        json_ld=post_data(post, site, picture, is_first_page=thread.canonical == post.address),
    )


def describe_list(site: Site, path: str, after: str | None = None, before: str | None = None) -> Metadata:
    """Describe home, a label, a year or a month; a later page names itself."""
    key = next((f"?{name}={key}" for name, key in (("after", after), ("before", before)) if parse_page_key(key)), "")
    return Metadata(
        _describe_site(site),
        public_address(path + key),
        description=site.tagline if path == "/" else "",
        picture=site_picture(site),
        json_ld=website_data(site) if path == "/" and not key else "",
    )


def _describe_site(site: Site) -> SiteMetadata:
    return SiteMetadata(
        site.title,
        open_graph_locale(get_locale()),
        license=public_address(LICENSE_PATH) if states_wish(site) else "",
        creator=site.fediverse_creator,
        profiles=site.profile_links.split(),
    )


def open_graph_locale(locale: Locale) -> str:
    """Return a language with a territory, such as en_US, as Open Graph asks."""
    likely: str = get_global("likely_subtags").get(locale.language, "")
    territory = locale.territory or (likely.rpartition("_")[2] if likely.count("_") == 2 else "")
    return f"{locale.language}_{territory}" if territory else locale.language
