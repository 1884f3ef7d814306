"""Recount comments and agreements within the transaction that changed them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, Update, bindparam, case, func, select, update
from sqlalchemy.orm import aliased

from blog.comments.models import VISIBLE, Agreement, Comment
from blog.db import db
from blog.posts.models import Post
from blog.site.models import UNSYNCHRONIZED, raise_count_version, raise_queue_version


def recount_agreements(comment: Comment, version: int) -> None:
    """Recount the agreements with a comment, as of this thread version."""
    db.session.flush()
    agreements = select(func.count()).where(Agreement.comment_id == comment.id).scalar_subquery()
    counted = update(Comment).where(Comment.id == comment.id)
    counted = counted.values(agree_count=agreements, agree_version=version, updated_at=Comment.updated_at)
    db.session.execute(counted, execution_options=UNSYNCHRONIZED)
    db.session.refresh(comment, ["agree_count", "agree_version"])


def recount_threads(posts: Collection[Post], root_ids: Collection[int]) -> None:
    """Recount the comments of these posts and branches; raise the versions of counts."""
    db.session.execute(BRANCH_COUNTS, {"root_ids": list(root_ids)}, execution_options=UNSYNCHRONIZED)
    counts = {row.id: row for row in db.session.execute(COUNTS, {"post_ids": [post.id for post in posts]})}
    recounted = [post for post in posts if counts[post.id].visible != post.comment_count]
    if recounted:
        version = raise_count_version()
        for post in recounted:
            post.comment_count, post.site_version = counts[post.id].visible, version
    else:
        raise_queue_version()
    for post in posts:
        post.top_count = counts[post.id].roots


def _post_counts() -> Select[int, int, int]:
    visible = select(func.count()).where(Comment.post_id == Post.id, Comment.status == VISIBLE).scalar_subquery()
    roots = select(func.count()).where(Comment.post_id == Post.id, Comment.has_visible_branch()).scalar_subquery()
    some = Post.id.in_(bindparam("post_ids", expanding=True))
    return select(Post.id, visible.label("visible"), roots.label("roots")).where(some)


def _branch_counts() -> Update:
    reply = aliased(Comment)
    # two terms instead of one condition, for which SQLite would scan every visible comment of the blog
    root_count = case((Comment.status == VISIBLE, 1), else_=0)
    reply_count = select(func.count().filter(reply.status == VISIBLE)).where(reply.root_id == Comment.id)
    counted = update(Comment).where(Comment.id.in_(bindparam("root_ids", expanding=True)))
    return counted.values(branch_count=root_count + reply_count.scalar_subquery(), updated_at=Comment.updated_at)


# built once: building them takes 8 % of the time to post a comment
COUNTS = _post_counts()
BRANCH_COUNTS = _branch_counts()
