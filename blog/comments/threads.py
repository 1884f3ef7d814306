"""The thread under a post, as a page shows it: some branches, each a comment with what stands under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import CompoundSelect, Select, bindparam, or_, select, union_all

from blog.comments.models import VISIBLE, Comment
from blog.db import db
from blog.memory import PLACE, Kept, Memory
from blog.posts.models import Post
from blog.site.models import Site

OLDEST = "oldest"
NEWEST = "newest"
AGREED = "agreed"

# how many branches a page of a thread has
PAGE_SIZE = 50


class Shown(NamedTuple):
    """What a page needs of a comment: a row, since a thread may have thousands."""

    id: int
    post_id: int
    parent_id: int | None
    branch_id: int | None
    top_id: int | None
    version: int
    status: str
    created_at: datetime
    name: str
    website: str
    body_html: str
    anchor: str | None
    edited_at: datetime | None
    editor_id: int | None
    reader_key: str | None
    email: str
    agree_count: int
    agree_version: int

    @property
    def visible(self) -> bool:
        return self.status == VISIBLE

    @property
    def position(self) -> int:
        """As Comment's: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)


class Manners(NamedTuple):
    """What of the site's settings shows in a response."""

    language: str
    timezone: str
    agreeing: bool


row_of = attrgetter(*Shown._fields)
COLUMNS = [getattr(Comment, name) for name in Shown._fields]


@dataclass(slots=True)
class Branch:
    """A comment with the branches that stand under it. A hidden comment keeps its place without its
    content while something visible stands under it; `gone` says that nothing does.
    """

    comment: Comment | Shown
    answers: Comment | Shown | None = None
    branches: list[Branch] = field(default_factory=list)
    gone: bool = False

    @property
    def standing(self) -> bool:
        """Whether it, or something under it, is visible."""
        return self.comment.visible or any(branch.standing for branch in self.branches)

    def html(self, manners: Manners) -> str:
        """The whole branch; each comment is rendered anew only when something that it shows has changed."""
        before, after = _around_replies(self.comment, self.answers, self.gone, manners)
        return before + "".join([branch.html(manners) for branch in self.branches]) + after


@lru_cache(maxsize=2048)
def _around_replies(
    comment: Comment | Shown, answers: Comment | Shown | None, gone: bool, _manners: Manners
) -> tuple[str, str]:
    branch = Branch(comment, answers, gone=gone)
    before, _, after = render_template("comments/_comment.html", branch=branch, replies=PLACE).rpartition(PLACE)
    return before, after


@dataclass(frozen=True)
class Thread:
    """One page of a thread: its responses, its number from 1, and how many pages there are."""

    responses: Kept
    order: str
    number: int
    pages: int

    def numbers(self) -> list[int | None]:
        """The numbers of the pages to offer: both ends and those around this one; None for those left out."""
        near = sorted({1, *range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1), self.pages})
        offered: list[int | None] = []
        for number, before in zip(near, [0, *near], strict=False):
            offered += [number] if number == before + 1 else [before + 1] if number == before + 2 else [None]
            offered += [] if number == before + 1 else [number]
        return offered

    def address(self, path: str, number: int, order: str | None = None) -> str:
        return address(path, number, order or self.order)


def address(path: str, number: int, order: str = OLDEST) -> str:
    """Where a page of the thread under the post at `path` is."""
    asked = [*([f"page={number}"] if number > 1 else []), *([f"order={order}"] if order != OLDEST else [])]
    return f"{path}?{'&'.join(asked)}" if asked else path


def thread_of(post: Post, site: Site, order: str = OLDEST, number: int = 1) -> Thread:
    """The page of this number, or the last where there are fewer.

    Its responses are put together anew only when the thread's version is another: the version stands in `post`, which
    was read before them, so that what is kept can be newer than its key says, and never older.
    """
    pages = max(1, -(-post.top_count // PAGE_SIZE))
    number = max(1, min(number, pages))
    state = (post.id, post.created_at, post.thread_version, post.comment_count, post.top_count)
    key = (db.engine.url.database, *state, order, number, *manners_of(site))
    return Thread(pages_kept.get(key, lambda: _responses(post, site, order, number)), order, number, pages)


# some fifty pages of long threads
pages_kept = Memory(10_000_000)


def _responses(post: Post, site: Site, order: str, number: int) -> str:
    """One query, however long the thread."""
    rows = db.session.execute(PAGE[order], {"post_id": post.id, "offset": (number - 1) * PAGE_SIZE})
    top = nest({row[0]: Shown._make(row) for row in rows.all()})
    standing = [branch for branch in map(pruned, top) if branch.standing][:: -1 if order == NEWEST else 1]
    if order == AGREED:
        standing.sort(key=lambda branch: -branch.comment.agree_count)
    manners = manners_of(site)
    return "".join([branch.html(manners) for branch in standing])


def manners_of(site: Site) -> Manners:
    return Manners(site.language, site.timezone, site.agreeing)


def order_asked_for(order: str | None, site: Site) -> str:
    """The order of this name, where readers can ask for it."""
    return order if order == NEWEST or (order == AGREED and site.agreeing) else OLDEST


def _page(order: str) -> CompoundSelect[Any]:
    """The comments of one page's branches, whatever their state: hidden ones may have to keep a place."""
    tops = (
        branches_under(bindparam("post_id"))
        .order_by(*KEYS[order])
        .limit(PAGE_SIZE)
        .offset(bindparam("offset"))
        .cte("tops")
    )
    return union_all(
        select(*COLUMNS).join(tops, tops.c.id == Comment.id), select(*COLUMNS).join(tops, tops.c.id == Comment.top_id)
    )


def branches_under(post_id: Any) -> Select[Any]:
    """The comments at the top of a thread, by their ids, that show something in their branch."""
    return select(Comment.id).where(Comment.post_id == post_id, Comment.shows_something())


KEYS: dict[str, tuple[Any, ...]] = {
    OLDEST: (Comment.created_at, Comment.id),
    NEWEST: (Comment.created_at.desc(), Comment.id.desc()),
    AGREED: (Comment.agree_count.desc(), Comment.created_at, Comment.id),
}
# built once, since building it takes longer than running it
PAGE = {order: _page(order) for order in KEYS}


def pruned(branch: Branch) -> Branch:
    """The branch without the hidden ones that nothing visible stands under."""
    branch.branches = [pruned(under) for under in branch.branches if under.standing]
    return branch


def with_places(comments: Iterable[Comment]) -> dict[int, Comment]:
    """The comments by id, with every comment that they stand under, whatever its state."""
    found = {comment.id: comment for comment in comments}
    while wanted := {c.branch_id for c in found.values() if c.branch_id} - found.keys():
        places = db.session.scalars(select(Comment).where(Comment.id.in_(wanted)))
        found.update((comment.id, comment) for comment in places)
    return found


def visible_beside(comments: Iterable[Comment]) -> Select[Comment]:
    """The visible comments in the branches of these."""
    tops = {comment.top_id or comment.id for comment in comments}
    return select(Comment).where(or_(Comment.id.in_(tops), Comment.top_id.in_(tops)), Comment.status == VISIBLE)


def nest(comments: dict[int, Any]) -> list[Branch]:
    """The branches of these comments, oldest first."""
    branches = {
        comment.id: Branch(comment, answered(comment, comments))
        for comment in sorted(comments.values(), key=attrgetter("created_at", "id"))
    }
    top: list[Branch] = []
    for branch in branches.values():
        place = branch.comment.branch_id
        (branches[place].branches if place else top).append(branch)
    return top


def answered(comment: Comment | Shown, comments: dict[int, Any]) -> Comment | Shown | None:
    """Whom a comment below the last step answers, since its place does not show it."""
    if comment.parent_id == comment.branch_id or comment.parent_id is None:
        return None
    parent = comments.get(comment.parent_id) or db.session.get(Comment, comment.parent_id)
    return parent if parent and parent.visible else None
