"""Publish, unpublish, trash and restore posts; derive their HTML and path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import select, union_all

from blog.db import db, now, writing
from blog.html import CleanedPost, editor_html, excerpt, first_image, post_html
from blog.live.hub import hint
from blog.media.card_picture import cards_waiting
from blog.media.library import small_address
from blog.posts.models import PAGE, OldPath, Post
from blog.posts.related import unrelated_waiting
from blog.site.hub_pings import ping_waiting, request_ping
from blog.site.models import Site, current_site, raise_site_version

MAX_SLUG_LENGTH = 60
MAX_URL_LENGTH = 2000


class NoPost(Exception):
    """Report a post that does not exist."""


class NothingToPublish(Exception):
    """Refuse to publish a post without headline and text."""


def derive_fields(post: Post, host: str = "", body: CleanedPost | None = None) -> CleanedPost:
    """Set a post's HTML, excerpt and thumbnail; return the sanitized body.

    Slow, so call it before the transaction. Links to `host`, the blog's old one, become local. Imports pass the
    sanitized `body`, whose quotes stay as they were published.
    """
    language = current_site().language
    body = body or post_html(post.body or "", host=host, language=language, picture_text=gettext("Picture at %(host)s"))
    post.body_html = body.html
    post.quote_html = editor_html(post.quote, language) if post.quote else ""
    post.note_html = editor_html(post.note, language) if post.note else ""
    post.excerpt = post.standfirst or excerpt(f"{post.quote_html} {post.body_html} {post.note_html}")
    picture = post.photo_url or first_image(post.body_html) or ""
    post.thumbnail = small_address(picture) if len(picture) <= MAX_URL_LENGTH else ""
    return body


def slugify(title: str) -> str:
    """Join the title's ASCII words by hyphens; default to `blog-post`."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_title.replace("'", ""))
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > MAX_SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or (words[0][:MAX_SLUG_LENGTH] if words else "blog-post")


def find_free_path(post: Post, at: datetime, site: Site) -> str:
    """Return the first unused path in Blogger's scheme, in the current transaction."""
    local = at.astimezone(site.zone)
    folder = "/p" if post.kind == PAGE else f"/{local:%Y}/{local:%m}"
    slug = slugify(post.title)
    columns = (Post.path, OldPath.path)
    starts = [select(column).where(column.startswith(f"{folder}/{slug}", autoescape=True)) for column in columns]
    taken = set(db.session.scalars(union_all(*starts)))
    suffix, path = 1, f"{folder}/{slug}.html"
    while path in taken:
        suffix += 1
        path = f"{folder}/{slug}_{suffix}.html"
    return path


def publish(post: Post, at: datetime, site: Site) -> None:
    """Publish in the current transaction. Raises NothingToPublish."""
    if not (post.title or post.excerpt):
        raise NothingToPublish
    post.publish(find_free_path(post, at, site), at)
    post.site_version = raise_site_version()


def publish_post(post_id: int) -> Post:
    """Publish a post, again with its first date. Raises NoPost and NothingToPublish."""
    return _change(post_id, lambda post: publish(post, now(), current_site()))


def unpublish_post(post_id: int) -> Post:
    """Unpublish a post; followers get no more notifications."""
    return _change(post_id, Post.unpublish)


def trash_post(post_id: int) -> Post:
    return _change(post_id, Post.trash)


def restore_post(post_id: int) -> Post:
    """Restore a post from the trash, in its previous state."""
    return _change(post_id, Post.restore)


def _change(post_id: int, verb: Callable[[Post], None]) -> Post:
    with writing():
        post = lock_post(post_id)
        verb(post)
        post.updated_at, post.related_at = now(), None
        post.site_version = raise_site_version()
        request_ping_for(post)
    announce(post)
    return post


def lock_post(post_id: int) -> Post:
    """Lock and load a post in the current transaction. Raises NoPost."""
    post = db.session.get(Post, post_id, with_for_update=True, populate_existing=True)
    if post is None:
        raise NoPost
    return post


def request_ping_for(post: Post) -> None:
    """Queue a ping about a post that is or was in the feeds."""
    if post.published_at is not None:
        request_ping()


def announce(post: Post) -> None:
    """Announce a change to live readers and waiting jobs, after the commit."""
    for waiting in (ping_waiting, unrelated_waiting, cards_waiting):
        waiting.set()
    hint("site")
    hint(f"post:{post.id}")
