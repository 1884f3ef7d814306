"""The thread under a post in pages: some branches each, oldest first, newest first, or those that most agree with.

A page has at most PAGE_SIZE branches and ends after some PAGE_RESPONSES responses. What follows it goes on after the
last branch that was on it, by key: meanwhile others post, agree or remove, and nothing is missed or comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, tuple_

from blog.comments.models import Agreement, Comment
from blog.comments.thread.branches import COLUMNS, Branch, CommentRow, manners_of
from blog.comments.thread.replies import branches_with_replies, weight
from blog.db import db, parse_id
from blog.posts.models import Post
from blog.site.models import Site
from blog.web.fragment_cache import CachedFragment, FragmentCache
from blog.web.pagination import page_key, parse_page_key

OLDEST = "oldest"
NEWEST = "newest"
AGREED = "agreed"

# how many branches a page of a thread has at most, and after how many responses it takes no further one
PAGE_SIZE = 50
PAGE_RESPONSES = 300


@dataclass(frozen=True)
class Cursor:
    """The branch that a page goes on after, as the reader saw it: its time and id, and where the order goes by them how
    many agreed when the thread had this version.
    """

    at: datetime
    id: int
    agreed: int = 0
    version: int = 0


@dataclass(frozen=True)
class Thread:
    """One page of a thread: its branches, its number from 1, and how many pages there are. `earlier` is the number of
    the page before (0 where there is none), `later` the address where it goes on ("" where nothing follows).
    """

    branches: list[Branch]
    path: str
    order: str
    number: int
    pages: int
    earlier: int
    later: str

    def numbers(self) -> list[int | None]:
        """The numbers of the pages to offer: both ends and those around this one; None for those left out."""
        near = sorted({1, *range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1), self.pages})
        offered: list[int | None] = []
        for number, before in zip(near, [0, *near], strict=False):
            offered += [number] if number == before + 1 else [before + 1] if number == before + 2 else [None]
            offered += [] if number == before + 1 else [number]
        return offered

    def address(self, number: int, order: str | None = None) -> str:
        """Where the page of this number is; that of the next is where this one goes on."""
        goes_on = self.later.startswith(f"{self.path}?page={number}&") and order is None
        return self.later if goes_on else address(self.path, number, order or self.order)


def address(path: str, number: int, order: str = OLDEST, after: str = "") -> str:
    """Where a page of the thread under the post at `path` is."""
    asked = {"page": number if number > 1 or after else "", "order": order if order != OLDEST else "", "after": after}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value)
    return f"{path}?{query}" if query else path


def thread_page(post: Post, site: Site, order: str, number: int, after: str | None) -> CachedFragment:
    """The HTML of the page after this cursor, or else of this number, or the last where there are fewer.

    It is made anew only when the thread's version is another: the version stands in `post`, which was read before the
    responses, so that what is kept can be newer than its key says, and never older.
    """
    number = max(1, min(number, _pages(post)))
    cursor = read_cursor(after, order)
    state = (post.id, post.created_at, post.path, post.thread_version, post.comment_count, post.top_count)
    key = (db.engine.url.database, *state, order, number, cursor, *manners_of(site))
    return pages_kept.get(key, lambda: _render(post, site, order, number, cursor))


# some twenty pages of long threads
pages_kept = FragmentCache(10_000_000)


def _render(post: Post, site: Site, order: str, number: int, cursor: Cursor | None) -> str:
    thread, manners = _thread(post, order, number, cursor), manners_of(site)
    html = "".join(branch.html(manners) for branch in thread.branches)
    return render_template("comments/_page.html", post=post, thread=thread, responses=html)


def _thread(post: Post, order: str, number: int, cursor: Cursor | None) -> Thread:
    start, version = (number - 1) * PAGE_SIZE, cursor.version if cursor else post.thread_version
    if cursor and (left := _left(post, order, cursor)):
        start = max(0, post.top_count - left)
        found = db.session.execute(_after(PAGE_AFTER[order], post, order, cursor).limit(PAGE_SIZE + 1)).all()
    else:
        found = db.session.execute(PAGE[order], {"post_id": post.id, "offset": start, "size": PAGE_SIZE + 1}).all()
    tops, counts = [CommentRow._make(row[:-2]) for row in found], {row[0]: row[-2] for row in found}
    taken, later = _taken(tops, counts), ""
    if len(taken) < len(tops):
        after = page_key(taken[-1]) + (f"-{found[len(taken) - 1][-1]}-{version}" if order == AGREED else "")
        later = address(post.path or "", (start + len(taken)) // PAGE_SIZE + 1, order, after)
    number, earlier = start // PAGE_SIZE + 1, (start - 1) // PAGE_SIZE + 1
    branches = branches_with_replies(taken, counts)
    return Thread(branches, post.path or "", order, number, max(_pages(post), number), earlier, later)


def _pages(post: Post) -> int:
    return max(1, -(-post.top_count // PAGE_SIZE))


def _taken(tops: list[CommentRow], counts: dict[int, int]) -> list[CommentRow]:
    """Those of these branches that one page takes."""
    size, taken = 0, list[CommentRow]()
    for top in tops[:PAGE_SIZE]:
        if size >= PAGE_RESPONSES:
            break
        taken.append(top)
        size += weight(counts[top.id])
    return taken


def order_asked_for(order: str | None, site: Site) -> str:
    """The order of this name, where readers can ask for it."""
    return order if order == NEWEST or (order == AGREED and site.agreeing) else OLDEST


def read_cursor(text: str | None, order: str) -> Cursor | None:
    """The cursor that an address brings; None where it is none of this order."""
    parts = (text or "").split("-")
    key, numbers = parse_page_key("-".join(parts[:2])), [parse_id(part) for part in parts[2:]]
    if key is None or parse_id(parts[1]) is None or len(numbers) != (2 if order == AGREED else 0):
        return None
    given = [number for number in numbers if number is not None]
    return Cursor(*key, *given) if len(given) == len(numbers) else None


def _left(post: Post, order: str, cursor: Cursor) -> int:
    """How many branches come after the cursor."""
    query = _after(branches_under(post.id), post, order, cursor)
    return db.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _after(query: Select[Any], post: Post, order: str, cursor: Cursor) -> Select[Any]:
    place, here = tuple_(Comment.created_at, Comment.id), tuple_(cursor.at, cursor.id)
    later: ColumnElement[bool] = place.op("<" if order == NEWEST else ">", is_comparison=True)(here)
    if order == AGREED:
        later = or_(agreed_then < cursor.agreed, and_(agreed_then == cursor.agreed, later))
    return query.where(later).params(post_id=post.id, version=cursor.version)


def branches_under(post_id: Any) -> Select[Any]:
    """The comments at the top of a thread, by their ids, that show something in their branch."""
    return select(Comment.id).where(Comment.post_id == post_id, Comment.shows_something())


def _agreed_then() -> ColumnElement[int]:
    """How many agreed with a comment when its thread had a version. Who no longer does is not counted: that moves a
    comment further down, where it may come twice, and none up to where the reader has been.
    """
    counted = select(func.count()).where(Agreement.comment_id == Comment.id, Agreement.version <= bindparam("version"))
    return case(
        (Comment.agree_version > bindparam("version"), counted.correlate(Comment).scalar_subquery()),
        else_=Comment.agree_count,
    )


agreed_then = _agreed_then()
KEYS: dict[str, tuple[Any, ...]] = {
    OLDEST: (Comment.created_at, Comment.id),
    NEWEST: (Comment.created_at.desc(), Comment.id.desc()),
    AGREED: (Comment.agree_count.desc(), Comment.created_at, Comment.id),
}


def _page(agreed: Any, keys: Iterable[Any]) -> Select[Any]:
    tops = select(*COLUMNS, Comment.branch_count, agreed)
    return tops.where(Comment.post_id == bindparam("post_id"), Comment.shows_something()).order_by(*keys)


# built once, since building them takes longer than running them
PAGE = {
    order: _page(Comment.agree_count, keys).limit(bindparam("size")).offset(bindparam("offset"))
    for order, keys in KEYS.items()
}
PAGE_AFTER = {
    OLDEST: _page(Comment.agree_count, KEYS[OLDEST]),
    NEWEST: _page(Comment.agree_count, KEYS[NEWEST]),
    AGREED: _page(agreed_then.label("agreed"), (agreed_then.desc(), Comment.created_at, Comment.id)),
}
