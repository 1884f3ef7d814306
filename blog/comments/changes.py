"""Change a thread: version, counts, notifications and live hints in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, update

from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import Comment, PendingAlert
from blog.comments.refusals import NoSuchPost
from blog.comments.thread.counts import recount
from blog.db import db
from blog.html import excerpt
from blog.live.hub import hint
from blog.posts.models import Post
from blog.site.models import UNSYNCHRONIZED

BUMP_VERSION = update(Post).where(Post.id == bindparam("post")).values(thread_version=Post.thread_version + 1)
AUDIT_EXCERPT_LENGTH = 120


def bump_version(post_id: int) -> Post:
    """Lock the post's row, raise its thread version and return it.

    Raises: NoSuchPost.
    """
    db.session.execute(BUMP_VERSION, {"post": post_id}, execution_options=UNSYNCHRONIZED)
    post = db.session.get(Post, post_id, populate_existing=True)
    if post is None:
        raise NoSuchPost
    return post


def bump_versions(posts: set[int]) -> dict[int, int]:
    """Raise many thread versions in one statement; return them by post id."""
    raised = update(Post).where(Post.id.in_(posts))
    # the post itself does not change, so its time stays
    raised = raised.values(thread_version=Post.thread_version + 1, updated_at=Post.updated_at)
    rows = db.session.execute(raised.returning(Post.id, Post.thread_version), execution_options=UNSYNCHRONIZED)
    return dict(rows.all())


def hold_by_rule(comment: Comment, reasons: str) -> None:
    """Hold a comment and queue an alert, inside a transaction."""
    comment.hold(reasons)
    db.session.add(PendingAlert(comment=comment))


def apply_change(comment: Comment, verb: Callable[[], None]) -> None:
    """Change a comment's state; bump the version, recount and queue notifications.

    Runs inside a transaction.
    """
    post = bump_version(comment.post_id)
    verb()
    comment.version = post.thread_version
    recount(comment, post)
    queue_notifications(comment, post)


def audit_label(comment: Comment) -> str:
    """Describe a comment for the audit log by its name and beginning."""
    return f"{comment.name}: {excerpt(comment.body_html, AUDIT_EXCERPT_LENGTH)}"


def announce(comment: Comment) -> None:
    """Hint live streams at a change, after the commit.

    A hint may be lost, doubled or late: streams compare versions.
    """
    hint(f"post:{comment.post_id}")
    hint("site")
    hint("desk")


def announce_all(comments: Sequence[Comment]) -> None:
    """Announce each changed post once."""
    for comment in {comment.post_id: comment for comment in comments}.values():
        announce(comment)
