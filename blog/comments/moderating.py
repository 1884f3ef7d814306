"""Holding, approving and removing a comment, as an editor decides."""

from __future__ import annotations

from collections.abc import Callable

from blog.comments.counting import recount
from blog.comments.models import Comment
from blog.comments.posting import announce, next_version
from blog.db import db, writing


class NoSuchComment(Exception):
    """There is no comment of this number."""


def approve(comment_id: int) -> Comment:
    """Show it to everybody."""
    return _change(comment_id, Comment.approve)


def hold(comment_id: int, reason: str) -> Comment:
    """Show it to nobody until somebody decides."""
    return _change(comment_id, lambda comment: comment.hold(reason))


def remove(comment_id: int, reason: str) -> Comment:
    """Take it away; where replies stand under it, its place stays."""
    return _change(comment_id, lambda comment: comment.remove(reason))


def _change(comment_id: int, verb: Callable[[Comment], None]) -> Comment:
    with writing():
        comment = db.session.get(Comment, comment_id)
        if comment is None:
            raise NoSuchComment
        post = next_version(comment.post_id)
        comment = db.session.get_one(Comment, comment_id, populate_existing=True)
        verb(comment)
        comment.version = post.thread_version
        recount(comment, post)
    announce(comment)
    return comment
