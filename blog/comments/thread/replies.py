"""Collapse long branches on thread pages, and paginate their replies."""

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
    fetch_rows,
    nest,
    render_options,
    with_parents,
)
from blog.db import db
from blog.posts.models import Post
from blog.site.models import Site
from blog.web.fragment_cache import CachedFragment, FragmentCache
from blog.web.pagination import page_key, parse_page_key

# a branch of more visible comments than this is collapsed to its first and last replies
MAX_WHOLE_BRANCH = 100
FIRST_REPLIES, LAST_REPLIES = 60, 20
# replies on one page of a branch
PAGE_SIZE = 200

OLDEST_FIRST = (Comment.created_at, Comment.id)
NEWEST_FIRST = (Comment.created_at.desc(), Comment.id.desc())

# in bytes; saves 54 % of a page of replies
reply_page_cache = FragmentCache(4_000_000)


@dataclass(frozen=True)
class Slice:
    """Represent consecutive replies of a branch, and whether others precede or follow."""

    rows: list[CommentRow]
    earlier: bool
    later: bool


def count_on_page(branch_count: int) -> int:
    """Count the comments of a branch that a thread page shows."""
    return branch_count if branch_count <= MAX_WHOLE_BRANCH else FIRST_REPLIES + LAST_REPLIES


def branches_with_replies(roots: list[CommentRow], counts: dict[int, int]) -> list[Branch]:
    """Load the replies of these roots, and collapse long branches.

    `counts` has the number of visible comments by root id. Takes two queries, and one more for each of the few
    long branches.
    """
    whole = [root.id for root in roots if counts[root.id] <= MAX_WHOLE_BRANCH]
    rows = {root.id: root for root in roots} | fetch_rows(WHOLE_BRANCHES, {"root_ids": whole})
    ends = {root.id: _fetch_ends(root.id) for root in roots if counts[root.id] > MAX_WHOLE_BRANCH}
    for first, last in ends.values():
        rows |= {row.id: row for row in (*first, *last)}
    branches = {branch.comment.id: branch for branch in nest(*with_parents(rows))}
    for root_id, (first, last) in ends.items():
        branch = branches[root_id]
        count = counts[root_id] - len({row.id for row in (*first, *last)}) - branch.comment.visible
        if count > 0:
            _collapse(branch, _gap_after(branch.comment, first[-1], last[0], count), {row.id for row in last})
    return [branches[root.id] for root in roots]


def _fetch_ends(root_id: int) -> tuple[list[CommentRow], list[CommentRow]]:
    """Return the first and the last replies of a branch."""
    found = sorted(fetch_rows(_select_ends(root_id)).values(), key=BY_TIME)
    return found[:FIRST_REPLIES], found[FIRST_REPLIES:]


def _gap_after(root: Comment | CommentRow, row: CommentRow, until: CommentRow | None, count: int | None = None) -> Gap:
    address = replies_address(root, after=page_key(row))
    return Gap(root.id, address, row.position, until and until.position, PAGE_SIZE, count)


def _collapse(root: Branch, gap: Gap, last: set[int]) -> None:
    """Place the gap before the last replies, else under the root."""
    lists = [branch for branch in _walk(root) if any(reply.comment.id in last for reply in branch.branches)]
    place = lists[0] if len(lists) == 1 else root
    index = [number for number, reply in enumerate(place.branches) if reply.comment.id in last]
    place.gap = (index[0] if index else len(place.branches), gap)


def _walk(branch: Branch) -> list[Branch]:
    # recursion is safe: branches are only as deep as replies are indented
    return [branch, *(inner for reply in branch.branches for inner in _walk(reply))]


def replies_address(root: Comment | CommentRow, after: str = "", before: str = "") -> str:
    """Return the address of the replies after or before a key."""
    query = f"?after={after}" if after else f"?before={before}" if before else ""
    return f"/posts/{root.post_id}/comments/{root.id}/replies{query}"


def is_collapsed(comment: Comment, root: Comment) -> bool:
    """Tell whether a visible comment is in the collapsed part."""
    if comment.id == root.id or root.branch_count <= MAX_WHOLE_BRANCH:
        return False
    place = tuple_(comment.created_at, comment.id)
    before, after = tuple_(*OLDEST_FIRST) < place, tuple_(*OLDEST_FIRST) > place
    enough_before = _count_up_to(FIRST_REPLIES, root, before) == FIRST_REPLIES
    return enough_before and _count_up_to(LAST_REPLIES, root, after) == LAST_REPLIES


def _count_up_to(limit: int, root: Comment, condition: Any) -> int:
    replies = select(Comment.id).where(Comment.root_id == root.id, Comment.status == VISIBLE, condition).limit(limit)
    return db.session.execute(select(func.count()).select_from(replies.subquery())).scalar_one()


def render_replies_page(
    post: Post, root: CommentRow, site: Site, after: str | None, before: str | None
) -> CachedFragment:
    """Render one page of replies.

    It has those after one key, else those before the other, else the first ones. Pages are cached by the thread's
    version, as the pages of the thread are.
    """
    after, before = _valid_key(after), _valid_key(before)
    state = (post.id, post.created_at, post.path, post.thread_version, post.comment_count)
    key = (db.engine.url.database, *state, root.id, after, before, *render_options(site))
    return reply_page_cache.get(key, lambda: _render(post, root, site, after, before))


def _valid_key(text: str | None) -> str | None:
    return text if parse_page_key(text) else None


def _render(post: Post, root: CommentRow, site: Site, after: str | None, before: str | None) -> str:
    part = _fetch_slice(root, after, before)
    page, others = with_parents({root.id: root} | {row.id: row for row in part.rows})
    branch = nest(page, others)[0]
    if part.rows and part.later:
        _collapse(branch, _gap_after(root, part.rows[-1], None), set())
    if part.rows and part.earlier:
        branch.earlier = replies_address(root, before=page_key(part.rows[0]))
    html = branch.html(render_options(site))
    return render_template("comments/thread/_replies.html", post=post, top=root, part=part, responses=html)


def _fetch_slice(root: CommentRow, after: str | None, before: str | None) -> Slice:
    if not after and (key := parse_page_key(before)):
        rows = _fetch_page(_select_replies(root.id).where(tuple_(*OLDEST_FIRST) < tuple_(*key)).order_by(*NEWEST_FIRST))
        return Slice(rows[:PAGE_SIZE][::-1], len(rows) > PAGE_SIZE, later=True)
    query = _select_replies(root.id).order_by(*OLDEST_FIRST)
    if key := parse_page_key(after):
        query = query.where(tuple_(*OLDEST_FIRST) > tuple_(*key))
    rows = _fetch_page(query)
    return Slice(rows[:PAGE_SIZE], bool(key), len(rows) > PAGE_SIZE)


def _fetch_page(query: Select[Any]) -> list[CommentRow]:
    """Fetch a page of rows, and one more if others follow."""
    return [CommentRow._make(row) for row in db.session.execute(query.limit(PAGE_SIZE + 1)).all()]


def _select_replies(root_id: int) -> Select[Any]:
    """Select the visible replies of a branch, at any depth."""
    return select(*COLUMNS).where(Comment.root_id == root_id, Comment.status == VISIBLE)


def _select_ends(root_id: int) -> CompoundSelect[Any]:
    replies = _select_replies(root_id)
    first = replies.order_by(*OLDEST_FIRST).limit(FIRST_REPLIES).subquery()
    last = replies.order_by(*NEWEST_FIRST).limit(LAST_REPLIES).subquery()
    return union_all(select(first), select(last))


# built once: saves 6 % of a post page after a change of its thread
WHOLE_BRANCHES = select(*COLUMNS).where(
    Comment.root_id.in_(bindparam("root_ids", expanding=True)), Comment.status == VISIBLE
)
