"""Read the archive: years, months and titles, labels and authors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import lazyload, load_only

from blog.db import db
from blog.posts.archive.local_months import month_bounds
from blog.posts.archive.models import ArchiveMonth, Author
from blog.posts.models import POST, Label, Post
from blog.site.models import current_site
from blog.web.pagination import Page, load_page, load_page_before

MAX_YEARS = 100
MAX_TITLES = 200
# names on the first page of the archive, and on a page of all names
MAX_NAMES = 60
NAMES_PAGE_SIZE = 300


@dataclass(frozen=True)
class Count:
    """Hold a year, a month or a name, and how many visible posts it has."""

    of: Any
    posts: int


@dataclass(frozen=True)
class Names:
    """Hold labels or authors in alphabetical order.

    `after` is the name after which the next page begins, or None.
    """

    counts: list[Count]
    after: str | None = None


def years_before(year: int | None) -> list[Count]:
    """Return MAX_YEARS years with posts before a year or up to now, newest first."""
    query = select(ArchiveMonth.year, func.sum(ArchiveMonth.post_count)).group_by(ArchiveMonth.year)
    if year is not None:
        query = query.where(ArchiveMonth.year < year)
    return _counts(query.order_by(ArchiveMonth.year.desc()).limit(MAX_YEARS))


def has_years_before(year: int) -> bool:
    return bool(db.session.scalar(select(exists().where(ArchiveMonth.year < year))))


def months_in(year: int) -> list[Count]:
    """Return the months of a year that have posts, as their first days, newest first."""
    query = select(ArchiveMonth.month, ArchiveMonth.post_count).where(ArchiveMonth.year == year)
    return [Count(date(year, one.of, 1), one.posts) for one in _counts(query.order_by(ArchiveMonth.month.desc()))]


def titles_in(year: int, month: int, after: str | None = None, before: str | None = None) -> Page[Post]:
    """Return the posts of a month in the site's zone, without their texts."""
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        return Page([], None)
    first, end = month_bounds(year, month, current_site().zone)
    posts = Post.visible().where(Post.kind == POST, Post.published_at >= first, Post.published_at < end)
    posts = posts.options(load_only(Post.path, Post.title, Post.excerpt, Post.published_at), lazyload(Post.labels))
    if before and not after:
        return load_page_before(posts, Post.published_at, Post.id, before, MAX_TITLES)
    return load_page(posts, Post.published_at, Post.id, after, MAX_TITLES)


def most_used(model: type[Label] | type[Author]) -> Names:
    """Return the labels or authors with most posts; `after` is "" if there are more."""
    query = select(model.name, model.post_count).where(model.post_count > 0)
    counts = _counts(query.order_by(model.post_count.desc(), model.name).limit(MAX_NAMES + 1))
    most = sorted(counts[:MAX_NAMES], key=lambda count: (count.of.casefold(), count.of))
    return Names(most, "" if len(counts) > MAX_NAMES else None)


def names_after(model: type[Label] | type[Author], name: str) -> Names:
    """Return one page of all labels or authors, in the order of the database."""
    query = select(model.name, model.post_count).where(model.post_count > 0, model.name > name)
    counts = _counts(query.order_by(model.name).limit(NAMES_PAGE_SIZE + 1))
    page = counts[:NAMES_PAGE_SIZE]
    return Names(page, page[-1].of if len(counts) > NAMES_PAGE_SIZE else None)


def _counts(query: Any) -> list[Count]:
    return [Count(of, posts) for of, posts in db.session.execute(query)]
