"""Publishing a post: what is derived from what was typed, its path, and who hears of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from blog.db import db, now, writing
from blog.html import CleanedPost, editor_html, excerpt, first_image, post_html
from blog.live.hub import hint
from blog.media.library import small_address
from blog.posts.models import PAGE, Post
from blog.site.models import Site, current_site, raise_site_version

SLUG_LENGTH = 60
ADDRESS_LENGTH = 2000


class NoPost(Exception):
    """There is no such post."""


class Nameless(Exception):
    """It has neither a headline nor a text, so that nothing could be shown of it."""


def derive(post: Post, host: str = "", body: CleanedPost | None = None) -> CleanedPost:
    """Clean what was typed into what is shown; slow, so before the act. `host` is the blog's old one, whose links
    become local. Returns the cleaned body, with what in it could not stay as it was; an import brings it as `body`.
    """
    body = body or post_html(post.body or "", host=host)
    post.body_html = body.html
    post.quote_html = editor_html(post.quote) if post.quote else ""
    post.note_html = editor_html(post.note) if post.note else ""
    post.excerpt = post.standfirst or excerpt(f"{post.quote_html} {post.body_html} {post.note_html}")
    picture = post.photo_url or first_image(post.body_html) or ""
    post.thumbnail = small_address(picture) if len(picture) <= ADDRESS_LENGTH else ""
    return body


def slug_of(title: str) -> str:
    """The title in lower-case ASCII words joined by hyphens, cut at a word; `blog-post` where nothing remains."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_title.replace("'", ""))
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or (words[0][:SLUG_LENGTH] if words else "blog-post")


def free_path(post: Post, at: datetime, site: Site) -> str:
    """The first path that no other post has, in Blogger's scheme; asked inside the act, so that it stays free."""
    local = at.astimezone(site.zone)
    folder = "/p" if post.kind == PAGE else f"/{local:%Y}/{local:%m}"
    slug = slug_of(post.title)
    taken = set(db.session.scalars(select(Post.path).where(Post.path.startswith(f"{folder}/{slug}", autoescape=True))))
    suffix, path = 1, f"{folder}/{slug}.html"
    while path in taken:
        suffix += 1
        path = f"{folder}/{slug}_{suffix}.html"
    return path


def publish(post: Post, at: datetime, site: Site) -> None:
    """Inside an act: give the post its path and show it. Nameless where there is nothing to show."""
    if not (post.title or post.excerpt):
        raise Nameless
    post.publish(free_path(post, at, site), at)
    post.site_version = raise_site_version()


def publish_post(post_id: int) -> Post:
    """Show it to everyone, from now on or as it stood before; Nameless where there is nothing to show."""
    return _change(post_id, lambda post: publish(post, now(), current_site()))


def unpublish_post(post_id: int) -> Post:
    """Show it to nobody; its address says that it is gone, and whoever follows its thread hears no more."""
    return _change(post_id, Post.unpublish)


def trash_post(post_id: int) -> Post:
    return _change(post_id, Post.trash)


def restore_post(post_id: int) -> Post:
    """Out of the trash, as it stood before."""
    return _change(post_id, Post.restore)


def _change(post_id: int, verb: Callable[[Post], None]) -> Post:
    with writing():
        post = for_writing(post_id)
        verb(post)
        post.updated_at = now()
        post.site_version = raise_site_version()
    announce(post)
    return post


def for_writing(post_id: int) -> Post:
    """Inside an act: the post as it stands now, its row locked; NoPost where there is none."""
    post = db.session.get(Post, post_id, with_for_update=True, populate_existing=True)
    if post is None:
        raise NoPost
    return post


def announce(post: Post) -> None:
    """After the commit: who may want to look again."""
    hint("site")
    hint(f"post:{post.id}")
