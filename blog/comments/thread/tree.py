"""Paginate the branches of a thread.

The order is oldest, newest or most agreed first. A page has at most PAGE_SIZE branches, and ends once it has
PAGE_RESPONSES comments. The next page is found by the key of the last branch, so nothing is missed or repeated while
others post, agree or remove.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, tuple_

from blog.comments.models import Agreement, Comment
from blog.comments.thread.branches import COLUMNS, Branch, CommentRow, render_options
from blog.comments.thread.comment_data import CommentData
from blog.comments.thread.replies import branches_with_replies, count_on_page
from blog.db import db, parse_id
from blog.posts.models import Post
from blog.site.models import Site
from blog.web.fragment_cache import CACHE_PLACEHOLDER, CachedFragment, FragmentCache
from blog.web.pagination import page_key, parse_page_key

OLDEST = "oldest"
NEWEST = "newest"
AGREED = "agreed"

# branches on a page at most, and the number of comments after which it takes no further branch
PAGE_SIZE = 50
PAGE_RESPONSES = 300
# the part of the page's bytes that its description for search engines may have
DATA_SHARE = 1 / 6


@dataclass(frozen=True)
class Cursor:
    """Represent the branch that a page starts after.

    `at` is its time. In the order by agreement, `agreed` is its count as of thread `version`.
    """

    at: datetime
    id: int
    agreed: int = 0
    version: int = 0


@dataclass(frozen=True)
class Thread:
    """Represent one page of a thread.

    `number` counts from 1. `earlier` is the number of the page before, 0 if there is none; `later` is the address of
    the next page, "" if there is none. `canonical` is the one address of the page for search engines.
    """

    branches: list[Branch]
    path: str
    order: str
    number: int
    pages: int
    earlier: int
    later: str
    canonical: str

    def numbers(self) -> list[int | None]:
        """Return the page numbers to link, with None for each gap."""
        near = sorted({1, *range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1), self.pages})
        links: list[int | None] = []
        for number, before in zip(near, [0, *near], strict=False):
            links += [number] if number == before + 1 else [before + 1] if number == before + 2 else [None]
            links += [] if number == before + 1 else [number]
        return links

    def address(self, number: int, order: str | None = None) -> str:
        """Return the address of a page; the next one continues by key."""
        is_next = self.later.startswith(f"{self.path}?page={number}&") and order is None
        return self.later if is_next else page_address(self.path, number, order or self.order)


def page_address(path: str, number: int, order: str = OLDEST, after: str = "") -> str:
    """Return the address of a page of the thread at `path`."""
    values = {"page": number if number > 1 or after else "", "order": order if order != OLDEST else "", "after": after}
    query = "&".join(f"{name}={value}" for name, value in values.items() if value)
    return f"{path}?{query}" if query else path


class ThreadPage(NamedTuple):
    """Hold a page's HTML, its canonical address, and the JSON list of its comments."""

    html: CachedFragment
    canonical: str
    comments: CachedFragment


def render_thread_page(post: Post, site: Site, order: str, number: int, after: str | None) -> ThreadPage:
    """Render the page after this cursor, else of this number.

    Beyond the last page it is the last. Pages are cached by the thread's version. `post` was read before the comments,
    so a cached page may be newer than its key, but never older.
    """
    number = max(1, min(number, _page_count(post)))
    cursor = read_cursor(after, order)
    state = (post.id, post.created_at, post.path, post.thread_version, post.comment_count, post.top_count)
    key = (db.engine.url.database, *state, order, number, cursor, *render_options(site))
    page = thread_page_cache.get(key, lambda: _render(post, site, order, number, cursor))
    html, canonical, comments = page.html.split(CACHE_PLACEHOLDER.encode())
    return ThreadPage(CachedFragment(html, page.digest), canonical.decode(), CachedFragment(comments, b""))


# in bytes: some twenty pages of long threads; saves 27 % of a short post page, 67 % of a long one
thread_page_cache = FragmentCache(10_000_000)


def _render(post: Post, site: Site, order: str, number: int, cursor: Cursor | None) -> str:
    """Render HTML, canonical address and JSON, with placeholders between them."""
    thread, options = _load_page(post, order, number, cursor), render_options(site)
    responses = "".join(branch.html(options) for branch in thread.branches)
    html = render_template("comments/thread/_page.html", post=post, thread=thread, responses=responses)
    comments = CommentData(thread.canonical, int(len(html) * DATA_SHARE)).describe(thread.branches)
    return CACHE_PLACEHOLDER.join([html, thread.canonical, comments])


def _load_page(post: Post, order: str, number: int, cursor: Cursor | None) -> Thread:
    start, version = (number - 1) * PAGE_SIZE, cursor.version if cursor else post.thread_version
    if cursor and (remaining := _count_after(post, order, cursor)):
        start = max(0, post.top_count - remaining)
        rows = db.session.execute(_after(PAGE_AFTER[order], post, order, cursor).limit(PAGE_SIZE + 1)).all()
    else:
        rows = db.session.execute(PAGE[order], {"post_id": post.id, "offset": start, "size": PAGE_SIZE + 1}).all()
    roots, counts = [CommentRow._make(row[:-2]) for row in rows], {row[0]: row[-2] for row in rows}
    page, later = _fill_page(roots, counts), ""
    if len(page) < len(roots):
        after = page_key(page[-1]) + (f"-{rows[len(page) - 1][-1]}-{version}" if order == AGREED else "")
        later = page_address(post.address, (start + len(page)) // PAGE_SIZE + 1, order, after)
    number, earlier = start // PAGE_SIZE + 1, (start - 1) // PAGE_SIZE + 1
    branches, pages = branches_with_replies(page, counts), max(_page_count(post), number)
    canonical = _canonical_address(post, order, number, cursor if start % PAGE_SIZE else None)
    return Thread(branches, post.address, order, number, pages, earlier, later, canonical)


def _canonical_address(post: Post, order: str, number: int, cursor: Cursor | None) -> str:
    """Return the address of a page, oldest first; other orders show the same comments.

    Only a page that continues one of a long branch has a cursor, since it has no number of its own.
    """
    if order != OLDEST:
        return post.address
    return page_address(post.address, number, after=page_key(cursor, "at") if cursor else "")


def _page_count(post: Post) -> int:
    return max(1, -(-post.top_count // PAGE_SIZE))


def _fill_page(roots: list[CommentRow], counts: dict[int, int]) -> list[CommentRow]:
    """Return as many of these roots as fit on one page."""
    size, page = 0, list[CommentRow]()
    for root in roots[:PAGE_SIZE]:
        if size >= PAGE_RESPONSES:
            break
        page.append(root)
        size += count_on_page(counts[root.id])
    return page


def read_order(order: str | None, site: Site) -> str:
    """Return the requested order if the site offers it, else oldest first."""
    return order if order == NEWEST or (order == AGREED and site.agreeing) else OLDEST


def read_cursor(text: str | None, order: str) -> Cursor | None:
    """Parse the cursor of an address; None if invalid for this order."""
    parts = (text or "").split("-")
    key, numbers = parse_page_key("-".join(parts[:2])), [parse_id(part) for part in parts[2:]]
    if key is None or parse_id(parts[1]) is None or len(numbers) != (2 if order == AGREED else 0):
        return None
    valid = [number for number in numbers if number is not None]
    return Cursor(*key, *valid) if len(valid) == len(numbers) else None


def _count_after(post: Post, order: str, cursor: Cursor) -> int:
    """Count the branches after the cursor."""
    query = _after(select_roots(post.id), post, order, cursor)
    return db.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _after(query: Select[Any], post: Post, order: str, cursor: Cursor) -> Select[Any]:
    place, start = tuple_(Comment.created_at, Comment.id), tuple_(cursor.at, cursor.id)
    later: ColumnElement[bool] = place.op("<" if order == NEWEST else ">", is_comparison=True)(start)
    if order == AGREED:
        later = or_(agree_count_then < cursor.agreed, and_(agree_count_then == cursor.agreed, later))
    return query.where(later).params(post_id=post.id, version=cursor.version)


def select_roots(post_id: Any) -> Select[Any]:
    """Select the ids of a thread's roots that have a visible branch."""
    return select(Comment.id).where(Comment.post_id == post_id, Comment.has_visible_branch())


def _agree_count_then() -> ColumnElement[int]:
    """Return an expression for a comment's agreements as of a thread version.

    Agreements that were withdrawn since are not counted. A comment may then move down and be repeated, but none moves
    up past the reader.
    """
    counted = select(func.count()).where(Agreement.comment_id == Comment.id, Agreement.version <= bindparam("version"))
    return case(
        (Comment.agree_version > bindparam("version"), counted.correlate(Comment).scalar_subquery()),
        else_=Comment.agree_count,
    )


agree_count_then = _agree_count_then()
SORT_KEYS: dict[str, tuple[Any, ...]] = {
    OLDEST: (Comment.created_at, Comment.id),
    NEWEST: (Comment.created_at.desc(), Comment.id.desc()),
    AGREED: (Comment.agree_count.desc(), Comment.created_at, Comment.id),
}


def _select_page(agreed: Any, keys: Iterable[Any]) -> Select[Any]:
    roots = select(*COLUMNS, Comment.branch_count, agreed)
    return roots.where(Comment.post_id == bindparam("post_id"), Comment.has_visible_branch()).order_by(*keys)


# built once: saves 9 % of a post page after a change of its thread
PAGE = {
    order: _select_page(Comment.agree_count, keys).limit(bindparam("size")).offset(bindparam("offset"))
    for order, keys in SORT_KEYS.items()
}
PAGE_AFTER = {
    OLDEST: _select_page(Comment.agree_count, SORT_KEYS[OLDEST]),
    NEWEST: _select_page(Comment.agree_count, SORT_KEYS[NEWEST]),
    AGREED: _select_page(agree_count_then.label("agreed"), (agree_count_then.desc(), Comment.created_at, Comment.id)),
}
