"""Lists of posts: what home, the archives and the labels show, and a post's neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, tuple_

from blog.db import db
from blog.paging import Page, newest_first
from blog.posts.models import POST, Label, Post
from blog.site.models import current_site

PAGE_SIZE = 20


@dataclass(frozen=True)
class Neighbours:
    older: Post | None
    newer: Post | None


def visible_posts() -> Select[Post]:
    return Post.visible().where(Post.kind == POST)


def all_posts(after: str | None) -> Page[Post]:
    return newest_first(visible_posts(), Post.published_at, Post.id, after, PAGE_SIZE)


def posts_labelled(name: str, after: str | None) -> Page[Post]:
    posts = Post.visible().where(Post.labels.any(Label.name == name))
    return newest_first(posts, Post.published_at, Post.id, after, PAGE_SIZE)


def posts_in(year: int, month: int | None, after: str | None) -> Page[Post]:
    """The posts of a year or a month as the blog's own zone counts them; an impossible month has none."""
    if not 1 <= year <= 9998 or not 1 <= (month or 1) <= 12:
        return Page([], None)
    zone = current_site().zone
    first = datetime(year, month or 1, 1, tzinfo=zone)
    last = datetime(year + 1, 1, 1, tzinfo=zone) if month in {None, 12} else datetime(year, month + 1, 1, tzinfo=zone)
    posts = visible_posts().where(Post.published_at >= first.astimezone(UTC), Post.published_at < last.astimezone(UTC))
    return newest_first(posts, Post.published_at, Post.id, after, PAGE_SIZE)


def neighbours(post: Post) -> Neighbours:
    """The posts just before and after in time; a page has none."""
    if post.kind != POST:
        return Neighbours(None, None)
    place, here = tuple_(Post.published_at, Post.id), tuple_(post.published_at, post.id)
    older = visible_posts().where(place < here).order_by(Post.published_at.desc(), Post.id.desc()).limit(1)
    newer = visible_posts().where(place > here).order_by(Post.published_at, Post.id).limit(1)
    return Neighbours(db.session.scalars(older).first(), db.session.scalars(newer).first())
