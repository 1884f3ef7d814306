"""Write sitemaps (sitemaps.org), with Google's extensions for images and news.

A sitemap of posts has a range of ids, so that its rows are found by the primary key and a new post changes one sitemap
only. One may have 50,000 addresses; ours have less, since each is made in memory: some 700 KB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import Select, select

from blog.db import MAX_ID, db
from blog.discovery.public_address import public_address
from blog.posts.lists import visible_posts
from blog.posts.models import PAGE, POST, Post, headline, quote_path
from blog.site.models import Site
from blog.web.i18n import iso

SITEMAP_SIZE = 2_500
MAX_PAGES = 2_500
MAX_SITEMAP = MAX_ID // SITEMAP_SIZE
# what Google reads of a news sitemap, and for how long it is news
MAX_NEWS, NEWS_DAYS = 1_000, timedelta(days=2)
# the last changes of posts, of which the index takes its dates
MAX_CHANGES = 200

# what XML 1.0 cannot hold
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
SITEMAP_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
IMAGES = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'

# an expression, since SQLite would find all posts by their kind, not those of a range of ids
IS_POST = Post.kind + "" == POST
COLUMNS = (Post.path, Post.updated_at, Post.photo_url, Post.thumbnail)


def sitemap_index() -> str:
    """List the sitemaps of posts, newest last, and the one of pages.

    Dates are of the last change; sitemaps without a recent one have none.
    """
    changes = _last_changes()
    items = [_sitemap(f"/sitemap.xml?page={number}", changes.get(number)) for number in _numbers()]
    items.append(_sitemap("/sitemap-pages.xml"))
    return _document("sitemapindex", SITEMAP_NAMESPACE, items)


def post_sitemap(number: int) -> str:
    """Write the sitemap of the posts in a range of ids, "" without any."""
    if not 0 < number <= MAX_SITEMAP:
        return ""
    last = number * SITEMAP_SIZE
    posts = Post.visible().where(IS_POST, Post.id > last - SITEMAP_SIZE, Post.id <= last).order_by(Post.id)
    rows = db.session.execute(posts.with_only_columns(*COLUMNS)).all()
    return _url_set(map(_url, rows), IMAGES) if rows else ""


def page_sitemap() -> str:
    """Write the sitemap of home and the pages."""
    pages = Post.visible().where(Post.kind == PAGE).order_by(Post.published_at.desc(), Post.id.desc()).limit(MAX_PAGES)
    rows = db.session.execute(pages.with_only_columns(*COLUMNS))
    home = f"<url><loc>{escape(public_address('/'))}</loc></url>"
    return _url_set([home, *map(_url, rows)], IMAGES)


def news_sitemap(site: Site, at: datetime) -> str:
    """Write the sitemap of the posts of the last two days."""
    news = visible_posts().where(Post.published_at > at - NEWS_DAYS)
    newest = news.order_by(Post.published_at.desc(), Post.id.desc()).limit(MAX_NEWS)
    rows = db.session.execute(newest.with_only_columns(Post.path, Post.title, Post.excerpt, Post.published_at))
    publication = (
        f"<news:publication><news:name>{_text(site.title)}</news:name>"
        f"<news:language>{news_language(site.language)}</news:language></news:publication>"
    )
    return _url_set((_news_url(row, publication) for row in rows), NEWS)


def news_language(language: str) -> str:
    """Return a language as Google News names it: ISO 639, and zh-cn or zh-tw."""
    parts = language.split("_")
    if parts[0] != "zh":
        return parts[0]
    return "zh-tw" if {"Hant", "TW", "HK", "MO"}.intersection(parts) else "zh-cn"


def _numbers() -> list[int]:
    """Return the numbers of the sitemaps that have visible posts."""
    return list(db.session.scalars(NUMBERS))


def _last_changes() -> dict[int, datetime]:
    newest = select(Post.id).where(Post.kind == POST).order_by(Post.updated_at.desc()).limit(MAX_CHANGES).subquery()
    rows = db.session.execute(
        visible_posts().join(newest, newest.c.id == Post.id).with_only_columns(Post.id, Post.updated_at)
    )
    found: dict[int, datetime] = {}
    for post_id, at in rows:
        number = (post_id - 1) // SITEMAP_SIZE + 1
        found[number] = max(at, found.get(number, at))
    return found


def _select_numbers() -> Select[Any]:
    """Build a query that steps from sitemap to sitemap, without reading all posts."""
    number = ((Post.id - 1) // SITEMAP_SIZE + 1).label("number")
    first = Post.visible().where(IS_POST).with_only_columns(number).order_by(Post.id).limit(1)
    steps = select(first.scalar_subquery().label("number")).cte("steps", recursive=True)
    following = first.where(Post.id > steps.c.number * SITEMAP_SIZE).correlate(steps).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.number.is_not(None)))
    return select(steps.c.number).where(steps.c.number.is_not(None))


NUMBERS = _select_numbers()


def _sitemap(path: str, changed_at: datetime | None = None) -> str:
    lastmod = f"<lastmod>{iso(changed_at)}</lastmod>" if changed_at else ""
    return f"<sitemap><loc>{escape(public_address(path))}</loc>{lastmod}</sitemap>"


def _url(row: Any) -> str:
    picture = row.photo_url or row.thumbnail
    image = f"<image:image><image:loc>{_text(_absolute(picture))}</image:loc></image:image>" if picture else ""
    address = public_address(quote_path(row.path))
    return f"<url><loc>{escape(address)}</loc><lastmod>{iso(row.updated_at)}</lastmod>{image}</url>"


def _news_url(row: Any, publication: str) -> str:
    return (
        f"<url><loc>{escape(public_address(quote_path(row.path)))}</loc><news:news>{publication}"
        f"<news:publication_date>{iso(row.published_at)}</news:publication_date>"
        f"<news:title>{_text(headline(row.title, row.excerpt, row.path))}</news:title></news:news></url>"
    )


def _absolute(address: str) -> str:
    return public_address(address) if address.startswith("/") else address


def _text(text: str) -> Markup:
    return escape(FORBIDDEN.sub("", text))


def _url_set(urls: Iterable[str], extension: str) -> str:
    return _document("urlset", f"{SITEMAP_NAMESPACE} {extension}", urls)


def _document(name: str, namespaces: str, items: Iterable[str]) -> str:
    lines = "\n".join(items)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} {namespaces}>\n{lines}\n</{name}>\n'
