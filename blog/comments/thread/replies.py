"""The replies of a branch: the first and the last on a page of the thread, all of them on pages of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import CompoundSelect, Select, bindparam, func, select, tuple_, union_all

from blog.comments.models import VISIBLE, Comment
from blog.comments.thread.branches import (
    BY_TIME,
    COLUMNS,
    Branch,
    CommentRow,
    Gap,
    manners_of,
    nest,
    rows_of,
    with_context,
)
from blog.db import db
from blog.posts.models import Post
from blog.site.models import Site
from blog.web.fragment_cache import CachedFragment, FragmentCache
from blog.web.pagination import page_key, parse_page_key

# a branch of at most so many responses stands whole on its page; of a longer one the first and the last replies do
BRANCH_SIZE = 100
FIRST_REPLIES, LAST_REPLIES = 60, 20
# how many replies a page of a branch has
PAGE_SIZE = 200

PLACE = (Comment.created_at, Comment.id)

pages_cached = FragmentCache(4_000_000)


@dataclass(frozen=True)
class Slice:
    """Some replies of a branch in the order of time, and whether it has earlier and later ones."""

    rows: list[CommentRow]
    earlier: bool
    later: bool


def weight(branch_count: int) -> int:
    """How many responses of a branch stand on its page."""
    return branch_count if branch_count <= BRANCH_SIZE else FIRST_REPLIES + LAST_REPLIES


def branches_with_replies(tops: list[CommentRow], counts: dict[int, int]) -> list[Branch]:
    """The branches of these comments, in their order; `counts` says how many visible responses each has.

    Two statements and one for each long branch, of which a page has few.
    """
    whole = [top.id for top in tops if counts[top.id] <= BRANCH_SIZE]
    rows = {top.id: top for top in tops} | rows_of(WHOLE, {"tops": whole})
    ends = {top.id: _ends(top.id) for top in tops if counts[top.id] > BRANCH_SIZE}
    for first, last in ends.values():
        rows |= {row.id: row for row in (*first, *last)}
    roots = {root.comment.id: root for root in nest(*with_context(rows))}
    for root_id, (first, last) in ends.items():
        top = roots[root_id]
        left_out = counts[root_id] - len({row.id for row in (*first, *last)}) - top.comment.visible
        if left_out > 0:
            leave_gap(top, gap_after(top.comment, first[-1], last[0], left_out), {row.id for row in last})
    return [roots[top.id] for top in tops]


def _ends(root_id: int) -> tuple[list[CommentRow], list[CommentRow]]:
    """The first and the last replies in a branch."""
    sizes = {"first": FIRST_REPLIES, "last": LAST_REPLIES}
    found = sorted(rows_of(ENDS, {"top": root_id} | sizes).values(), key=BY_TIME)
    return found[:FIRST_REPLIES], found[FIRST_REPLIES:]


def gap_after(top: Comment | CommentRow, row: CommentRow, until: CommentRow | None, count: int | None = None) -> Gap:
    address = replies_address(top, after=page_key(row))
    return Gap(top.id, address, row.position, until and until.position, PAGE_SIZE, count)


def leave_gap(top: Branch, gap: Gap, last: set[int]) -> None:
    """Put the gap before the last replies: in the list where all of them stand, else directly under the top."""
    lists = [branch for branch in _walk(top) if any(under.comment.id in last for under in branch.branches)]
    place = lists[0] if len(lists) == 1 else top
    index = [number for number, under in enumerate(place.branches) if under.comment.id in last]
    place.gap = (index[0] if index else len(place.branches), gap)


def _walk(branch: Branch) -> list[Branch]:
    # as deep as replies nest, which is a few steps
    return [branch, *(inner for under in branch.branches for inner in _walk(under))]


def replies_address(top: Comment | CommentRow, after: str = "", before: str = "") -> str:
    """Where the replies of a branch are, from one of them on or up to one."""
    asked = f"?after={after}" if after else f"?before={before}" if before else ""
    return f"/posts/{top.post_id}/comments/{top.id}/replies{asked}"


def left_out(comment: Comment, top: Comment) -> bool:
    """Whether a visible comment is one of those that the page of its thread leaves out of its branch."""
    if comment.id == top.id or top.branch_count <= BRANCH_SIZE:
        return False
    here = tuple_(comment.created_at, comment.id)
    before, after = tuple_(*PLACE) < here, tuple_(*PLACE) > here
    return _count(top, before, FIRST_REPLIES) == FIRST_REPLIES and _count(top, after, LAST_REPLIES) == LAST_REPLIES


def _count(top: Comment, where: Any, most: int) -> int:
    some = select(Comment.id).where(Comment.root_id == top.id, Comment.status == VISIBLE, where).limit(most)
    return db.session.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def replies_page(post: Post, top: CommentRow, site: Site, after: str | None, before: str | None) -> CachedFragment:
    """The HTML of one page of a branch: after a key, else before one, else its first page.

    It is kept by the thread's version, as the pages of the thread are.
    """
    after, before = (key_of_text(after), key_of_text(before))
    state = (post.id, post.created_at, post.path, post.thread_version, post.comment_count)
    key = (db.engine.url.database, *state, top.id, after, before, *manners_of(site))
    return pages_cached.get(key, lambda: _render(post, top, site, after, before))


def key_of_text(text: str | None) -> str | None:
    return text if parse_page_key(text) else None


def _render(post: Post, top: CommentRow, site: Site, after: str | None, before: str | None) -> str:
    part = _slice(top, after, before)
    page, others = with_context({top.id: top} | {row.id: row for row in part.rows})
    branch = nest(page, others)[0]
    if part.rows and part.later:
        leave_gap(branch, gap_after(top, part.rows[-1], None), set())
    if part.rows and part.earlier:
        branch.earlier = replies_address(top, before=page_key(part.rows[0]))
    html = branch.html(manners_of(site))
    return render_template("comments/_replies.html", post=post, top=top, part=part, responses=html)


def _slice(top: CommentRow, after: str | None, before: str | None) -> Slice:
    if not after and (key := parse_page_key(before)):
        rows = _rows(_in_branch(top.id).where(tuple_(*PLACE) < tuple_(*key)).order_by(*_LATEST))
        return Slice(rows[:PAGE_SIZE][::-1], len(rows) > PAGE_SIZE, later=True)
    query = _in_branch(top.id).order_by(*PLACE)
    if key := parse_page_key(after):
        query = query.where(tuple_(*PLACE) > tuple_(*key))
    rows = _rows(query)
    return Slice(rows[:PAGE_SIZE], bool(key), len(rows) > PAGE_SIZE)


def _rows(query: Select[Any]) -> list[CommentRow]:
    return [CommentRow._make(row) for row in db.session.execute(query.limit(PAGE_SIZE + 1)).all()]


def _in_branch(top: Any) -> Select[Any]:
    """The visible replies in a branch, at any depth."""
    return select(*COLUMNS).where(Comment.root_id == top, Comment.status == VISIBLE)


def _both_ends() -> CompoundSelect[Any]:
    first = _in_branch(bindparam("top")).order_by(*PLACE).limit(bindparam("first")).subquery()
    last = _in_branch(bindparam("top")).order_by(*_LATEST).limit(bindparam("last")).subquery()
    return union_all(select(first), select(last))


_LATEST = (Comment.created_at.desc(), Comment.id.desc())
# built once, since building them takes longer than running them
WHOLE = select(*COLUMNS).where(Comment.root_id.in_(bindparam("tops", expanding=True)), Comment.status == VISIBLE)
ENDS = _both_ends()
