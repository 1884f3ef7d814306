"""List posts for home, archives, labels and desk; find neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Select, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import lazyload, load_only

from blog.case_folding import contains
from blog.db import db
from blog.posts.archive.local_months import month_bounds, year_bounds
from blog.posts.archive.models import RelatedPost
from blog.posts.labels import with_label
from blog.posts.models import DRAFT, POST, PUBLISHED, TRASHED, UNPUBLISHED, Label, Post, headline, quote_path
from blog.site.models import current_site
from blog.web.pagination import Page, load_page, load_page_before

PAGE_SIZE = 20
MAX_RELATED = 4
OLDER, NEWER, RELATED = "older", "newer", "related"

ANY_STATE = "all"
STATES = (ANY_STATE, DRAFT, PUBLISHED, UNPUBLISHED, TRASHED)
DESK_PAGE_SIZE = 40
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True)
class Neighbour:
    address: str
    headline: str
    published_at: datetime


@dataclass(frozen=True)
class Neighbours:
    older: Neighbour | None = None
    newer: Neighbour | None = None
    related: Sequence[Neighbour] = ()


def visible_posts() -> Select[Post]:
    return Post.visible().where(Post.kind == POST)


def all_posts(after: str | None = None, before: str | None = None) -> Page[Post]:
    return _list_page(visible_posts(), after, before)


def posts_with_label(name: str, after: str | None = None, before: str | None = None) -> Page[Post]:
    label = db.session.scalars(select(Label).where(Label.name == name)).one_or_none()
    return _list_page(with_label(Post.visible(), label), after, before) if label else Page([], None)


def posts_in(year: int, month: int | None, after: str | None = None, before: str | None = None) -> Page[Post]:
    """Return the posts of a year or month in the site's zone."""
    if not 1 <= year <= 9999 or month not in {None, *range(1, 13)}:
        return Page([], None)
    zone = current_site().zone
    first, end = month_bounds(year, month, zone) if month else year_bounds(year, zone)
    posts = visible_posts().where(Post.published_at >= first, Post.published_at < end)
    return _list_page(posts, after, before)


def posts_by(author: str, after: str | None = None, before: str | None = None) -> Page[Post]:
    return _list_page(visible_posts().where(Post.author_name == author), after, before)


def _list_page(posts: Select[Post], after: str | None, before: str | None) -> Page[Post]:
    if before and not after:
        return load_page_before(posts, Post.published_at, Post.id, before, PAGE_SIZE)
    return load_page(posts, Post.published_at, Post.id, after, PAGE_SIZE)


def neighbours(post: Post) -> Neighbours:
    """Return the next older and newer post and some related ones; pages have none."""
    if post.kind != POST:
        return Neighbours()
    found: dict[str, list[Neighbour]] = {OLDER: [], NEWER: [], RELATED: []}
    for row in db.session.execute(NEIGHBOUR_QUERY, {"at": post.published_at, "id": post.id}):
        title = headline(row.title, row.excerpt, row.path)
        found[row.side].append(Neighbour(quote_path(row.path), title, row.published_at))
    beside = found[OLDER] + found[NEWER]
    related = [one for one in found[RELATED] if one not in beside]
    older, newer = (next(iter(found[side]), None) for side in (OLDER, NEWER))
    return Neighbours(older, newer, related[:MAX_RELATED])


def _neighbours() -> CompoundSelect[Any]:
    key = tuple_(Post.published_at, Post.id)
    this = tuple_(bindparam("at", type_=Post.published_at.type), bindparam("id"))
    columns = Post.path, Post.title, Post.excerpt, Post.published_at
    links = visible_posts().with_only_columns(*columns)
    older = links.where(key < this).order_by(Post.published_at.desc(), Post.id.desc()).limit(1)
    newer = links.where(key > this).order_by(Post.published_at, Post.id).limit(1)
    # of any kind: by an index of kinds SQLite would read all posts
    pairs = Post.visible().with_only_columns(*columns).join(RelatedPost, RelatedPost.related_id == Post.id)
    best = pairs.where(RelatedPost.post_id == bindparam("id"))
    best = best.order_by(RelatedPost.score.desc(), Post.published_at.desc()).limit(MAX_RELATED + 2)
    sides = (OLDER, older), (NEWER, newer), (RELATED, best)
    return union_all(*(select(literal(side).label("side"), query.subquery()) for side, query in sides))


# built once: saves 26 % of a post page
NEIGHBOUR_QUERY = _neighbours()


def posts_at_desk(kind: str, state: str, words: str, after: str | None) -> Page[Post]:
    """Return posts or pages by state and title words, last changed first.

    ANY_STATE leaves out the trash.
    """
    query = select(Post).where(Post.trashed_at.is_(None)) if state == ANY_STATE else Post.in_state(state)
    for word in words.split()[:MAX_SEARCH_WORDS]:
        query = query.where(contains(Post.title, word))
    query = query.where(Post.kind == kind).options(load_only(*LIST_COLUMNS), lazyload(Post.labels))
    return load_page(query, Post.updated_at, Post.id, after, DESK_PAGE_SIZE)


LIST_COLUMNS = (
    Post.kind, Post.path, Post.title, Post.excerpt, Post.updated_at, Post.published_at, Post.unpublished_at,
    Post.trashed_at, Post.comment_count,
)  # fmt: skip
"""The columns of the desk's list; texts are left out, since they may be long."""
