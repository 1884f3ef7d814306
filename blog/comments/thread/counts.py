"""Counting anew, inside the act that changed something: counts are never incremented."""

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
    """After `comment` changed: the count of its branch, those of its post, and home's where that is another now."""
    db.session.flush()
    recount_branches({comment.root_id or comment.id})
    raise_queue_version()
    count, post.top_count = db.session.execute(COUNTS, {"post_id": post.id}).one()
    if count != post.comment_count:
        post.comment_count = count
        post.site_version = raise_site_version()


def recount_branches(tops: Collection[int]) -> None:
    """How many visible comments stand in the branch of each of these."""
    db.session.execute(BRANCHES, {"tops": list(tops)}, execution_options=UNSYNCHRONIZED)


def recount_agreements(comment: Comment, version: int) -> None:
    """After somebody agreed, or no longer does: how many do, as of this version of the thread."""
    db.session.flush()
    agreeing = select(func.count()).where(Agreement.comment_id == comment.id).scalar_subquery()
    counted = update(Comment).where(Comment.id == comment.id)
    counted = counted.values(agree_count=agreeing, agree_version=version, updated_at=Comment.updated_at)
    db.session.execute(counted, execution_options=UNSYNCHRONIZED)
    db.session.refresh(comment, ["agree_count", "agree_version"])


def recount_posts(posts: Collection[int]) -> None:
    """After many comments under many posts changed, as by an import."""
    if not posts:
        return
    visible, tops = _counts_under(Post.id)
    counted = update(Post).where(Post.id.in_(posts))
    counted = counted.values(
        comment_count=visible,
        top_count=tops,
        site_version=raise_site_version(),
        updated_at=Post.updated_at,
    )
    raise_queue_version()
    db.session.execute(counted, execution_options=UNSYNCHRONIZED)


def _counts_under(post_id: Any) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """Of one post: how many visible comments it has, and how many branches that show something."""
    visible = select(func.count()).where(Comment.post_id == post_id, Comment.status == VISIBLE)
    tops = select(func.count()).where(Comment.post_id == post_id, Comment.has_visible_branch())
    return visible.scalar_subquery(), tops.scalar_subquery()


def _branches() -> Update:
    within = aliased(Comment)
    # not in one condition: SQLite would go through every visible comment of the blog for it
    itself = case((Comment.status == VISIBLE, 1), else_=0)
    under = select(func.count().filter(within.status == VISIBLE)).where(within.root_id == Comment.id)
    counted = update(Comment).where(Comment.id.in_(bindparam("tops", expanding=True)))
    return counted.values(branch_count=itself + under.scalar_subquery(), updated_at=Comment.updated_at)


# built once, since building them takes longer than running them
COUNTS = select(*_counts_under(bindparam("post_id")))
BRANCHES = _branches()
