"""Where a comment stands: the page of its thread, and the comment that an old link means."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, tuple_

from blog.comments.models import Comment
from blog.comments.threads import PAGE_SIZE, address, branches_under
from blog.db import db
from blog.htmx import dom_id
from blog.paging import EPOCH
from blog.posts.models import Post

# a time of more digits than this would be after the year 9999
MOST_DIGITS = 15


def page_of(comment: Comment) -> int:
    """The number of the page, oldest first, that a visible comment stands on."""
    top = db.session.get_one(Comment, comment.top_id) if comment.top_id else comment
    before = branches_under(top.post_id).where(tuple_(Comment.created_at, Comment.id) < (top.created_at, top.id))
    count = db.session.execute(select(func.count()).select_from(before.subquery())).scalar_one()
    return count // PAGE_SIZE + 1


def place_of(comment: Comment, post: Post) -> str:
    """The address of the page that a visible comment stands on, and of its place there."""
    return f"{address(post.path or '', page_of(comment))}#{dom_id(comment)}"


def comment_of_time(post: Post, milliseconds: str) -> Comment | None:
    """The visible comment that Blogger's links call `?showComment=<milliseconds since 1970>`."""
    if not (len(milliseconds) < MOST_DIGITS and milliseconds.isascii() and milliseconds.isdigit()):
        return None
    at = EPOCH + timedelta(milliseconds=int(milliseconds))
    return db.session.scalars(Comment.visible_on(post).where(Comment.created_at == at).limit(1)).first()
