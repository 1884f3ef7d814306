"""Recount comments and agreements within the transaction that changed them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ScalarSelect, Update, bindparam, case, func, select, update
from sqlalchemy.orm import aliased

from blog.comments.models import VISIBLE, Agreement, Comment
from blog.db import db
from blog.posts.models import Post
from blog.site.models import UNSYNCHRONIZED, raise_queue_version, raise_site_version


def recount(comment: Comment, post: Post) -> None:
    """Recount the branch and the post of a changed comment."""
    db.session.flush()
    recount_branches({comment.root_id or comment.id})
    raise_queue_version()
    count, post.top_count = db.session.execute(COUNTS, {"post_id": post.id}).one()
    if count != post.comment_count:
        post.comment_count = count
        post.site_version = raise_site_version()  # the home page shows this count


def recount_branches(root_ids: Collection[int]) -> None:
    """Recount the visible comments in the branches of these roots."""
    db.session.execute(BRANCH_COUNTS, {"root_ids": list(root_ids)}, execution_options=UNSYNCHRONIZED)


def recount_agreements(comment: Comment, version: int) -> None:
    """Recount the agreements with a comment, as of this thread version."""
    db.session.flush()
    agreements = select(func.count()).where(Agreement.comment_id == comment.id).scalar_subquery()
    counted = update(Comment).where(Comment.id == comment.id)
    counted = counted.values(agree_count=agreements, agree_version=version, updated_at=Comment.updated_at)
    db.session.execute(counted, execution_options=UNSYNCHRONIZED)
    db.session.refresh(comment, ["agree_count", "agree_version"])


def recount_posts(post_ids: Collection[int]) -> None:
    """Recount many posts at once, as after an import."""
    if not post_ids:
        return
    visible, roots = _counts_of_post(Post.id)
    counted = update(Post).where(Post.id.in_(post_ids))
    counted = counted.values(
        comment_count=visible,
        top_count=roots,
        site_version=raise_site_version(),
        updated_at=Post.updated_at,
    )
    raise_queue_version()
    db.session.execute(counted, execution_options=UNSYNCHRONIZED)


def _counts_of_post(post_id: Any) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """Return queries that count the visible comments and branches of a post."""
    visible = select(func.count()).where(Comment.post_id == post_id, Comment.status == VISIBLE)
    roots = select(func.count()).where(Comment.post_id == post_id, Comment.has_visible_branch())
    return visible.scalar_subquery(), roots.scalar_subquery()


def _branch_counts() -> Update:
    reply = aliased(Comment)
    # two terms instead of one condition, for which SQLite would scan every visible comment of the blog
    root_count = case((Comment.status == VISIBLE, 1), else_=0)
    reply_count = select(func.count().filter(reply.status == VISIBLE)).where(reply.root_id == Comment.id)
    counted = update(Comment).where(Comment.id.in_(bindparam("root_ids", expanding=True)))
    return counted.values(branch_count=root_count + reply_count.scalar_subquery(), updated_at=Comment.updated_at)


# built once, since building the queries takes longer than running them
COUNTS = select(*_counts_of_post(bindparam("post_id")))
BRANCH_COUNTS = _branch_counts()
