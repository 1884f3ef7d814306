"""Build permalinks of comments, and resolve Blogger's links to them."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import func, select, tuple_

from blog.comments.models import Comment
from blog.comments.thread.replies import count_on_page, is_collapsed, replies_address
from blog.comments.thread.tree import OLDEST, PAGE_RESPONSES, PAGE_SIZE, SORT_KEYS, page_address, select_roots
from blog.db import db
from blog.posts.models import Post
from blog.web.htmx import dom_id
from blog.web.pagination import EPOCH, page_key

# a time with more digits would be after the year 9999
PLACE = re.compile(r"([0-9]{1,14})|c[0-9]{1,38}")


def page_number(comment: Comment) -> int:
    """Return the number of the page with a comment's branch, oldest first."""
    root = _root_of(comment)
    before = select_roots(root.post_id).where(tuple_(Comment.created_at, Comment.id) < (root.created_at, root.id))
    count = db.session.execute(select(func.count()).select_from(before.subquery())).scalar_one()
    return count // PAGE_SIZE + 1


def _root_of(comment: Comment) -> Comment:
    return db.session.get_one(Comment, comment.root_id) if comment.root_id else comment


def build_permalink(comment: Comment, post: Post) -> str:
    """Return the address of a visible comment: its page and anchor."""
    root = _root_of(comment)
    if is_collapsed(comment, root):
        # a page begins after its key, so the key is the one before this comment's
        moment = page_key(comment).partition("-")[0]
        return f"{replies_address(root, after=f'{moment}-{comment.id - 1}')}#{dom_id(comment)}"
    number = page_number(comment)
    return f"{page_address(post.address, number, after=_start_key(root, number))}#{dom_id(comment)}"


def _start_key(root: Comment, number: int) -> str:
    """Return the key that the page with this root starts after.

    It is "" where the page with this number has the root. Pages with long branches end early, so a root may be on a
    continuation of the page with its number.
    """
    roots = select_roots(root.post_id).with_only_columns(Comment.id, Comment.created_at, Comment.branch_count)
    page = roots.order_by(*SORT_KEYS[OLDEST]).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    size, after, last = 0, "", None
    for row in db.session.execute(page):
        if size >= PAGE_RESPONSES and last is not None:
            size, after = 0, page_key(last)
        if row.id == root.id:
            break
        size, last = size + count_on_page(row.branch_count), row
    return after


def find_comment_at(post: Post, place: str) -> Comment | None:
    """Find the visible comment of Blogger's `?showComment=<milliseconds since 1970>`.

    `old_anchor.js` asks by `?showComment=c<id>`, where a link has the anchor `#c<id>` alone.
    """
    found = PLACE.fullmatch(place)
    if found is None:
        return None
    is_at = Comment.created_at == EPOCH + timedelta(milliseconds=int(found[1])) if found[1] else Comment.anchor == place
    return db.session.scalars(Comment.visible_on(post).where(is_at).limit(1)).first()
