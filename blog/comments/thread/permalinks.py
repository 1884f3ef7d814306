"""Where a comment stands: the page of its thread, and the comment that an old link means."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, tuple_

from blog.comments.models import Comment
from blog.comments.thread.replies import left_out, replies_address, weight
from blog.comments.thread.tree import KEYS, OLDEST, PAGE_RESPONSES, PAGE_SIZE, address, branches_under
from blog.db import db
from blog.posts.models import Post
from blog.web.htmx import dom_id
from blog.web.pagination import EPOCH, page_key

# a time of more digits than this would be after the year 9999
MOST_DIGITS = 15


def page_of(comment: Comment) -> int:
    """The number of the page, oldest first, that a visible comment's branch stands on."""
    top = top_of(comment)
    before = branches_under(top.post_id).where(tuple_(Comment.created_at, Comment.id) < (top.created_at, top.id))
    count = db.session.execute(select(func.count()).select_from(before.subquery())).scalar_one()
    return count // PAGE_SIZE + 1


def top_of(comment: Comment) -> Comment:
    return db.session.get_one(Comment, comment.root_id) if comment.root_id else comment


def place_of(comment: Comment, post: Post) -> str:
    """The address of the page that a visible comment stands on, and of its place there."""
    top = top_of(comment)
    if left_out(comment, top):
        # from this comment on: a key leaves out what it names
        moment = page_key(comment).partition("-")[0]
        return f"{replies_address(top, after=f'{moment}-{comment.id - 1}')}#{dom_id(comment)}"
    number = page_of(comment)
    return f"{address(post.path or '', number, after=_goes_on_after(top, number))}#{dom_id(comment)}"


def _goes_on_after(top: Comment, number: int) -> str:
    """Where the page of this number ends before a branch of it: the key that the page with the branch goes on after."""
    tops = branches_under(top.post_id).with_only_columns(Comment.id, Comment.created_at, Comment.branch_count)
    page = tops.order_by(*KEYS[OLDEST]).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    size, after, last = 0, "", None
    for row in db.session.execute(page):
        if size >= PAGE_RESPONSES and last is not None:
            size, after = 0, page_key(last)
        if row.id == top.id:
            break
        size, last = size + weight(row.branch_count), row
    return after


def comment_of_time(post: Post, milliseconds: str) -> Comment | None:
    """The visible comment that Blogger's links call `?showComment=<milliseconds since 1970>`."""
    if not (len(milliseconds) < MOST_DIGITS and milliseconds.isascii() and milliseconds.isdigit()):
        return None
    at = EPOCH + timedelta(milliseconds=int(milliseconds))
    return db.session.scalars(Comment.visible_on(post).where(Comment.created_at == at).limit(1)).first()
