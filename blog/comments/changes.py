"""The one way to change a thread: its next version, its counts, its notices, then a hint to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, update

from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import Comment, Hold
from blog.comments.refusals import NoSuchPost
from blog.comments.thread.counts import recount
from blog.db import db
from blog.html import excerpt
from blog.live.hub import hint
from blog.posts.models import Post
from blog.site.models import UNSYNCHRONIZED

NEXT_VERSION = update(Post).where(Post.id == bindparam("post")).values(thread_version=Post.thread_version + 1)


def next_version(post_id: int) -> Post:
    """Lock the post's row and give its thread the next version; NoSuchPost where there is none."""
    db.session.execute(NEXT_VERSION, {"post": post_id}, execution_options=UNSYNCHRONIZED)
    post = db.session.get(Post, post_id, populate_existing=True)
    if post is None:
        raise NoSuchPost
    return post


def next_versions(posts: set[int]) -> dict[int, int]:
    """The same for many at once; that is no change of the post itself."""
    raised = update(Post).where(Post.id.in_(posts))
    raised = raised.values(thread_version=Post.thread_version + 1, updated_at=Post.updated_at)
    rows = db.session.execute(raised.returning(Post.id, Post.thread_version), execution_options=UNSYNCHRONIZED)
    return dict(rows.all())


def hold_by_rule(comment: Comment, reasons: str) -> None:
    """Inside an act: hold it because of these rules, and have the editors told who want that."""
    comment.hold(reasons)
    db.session.add(Hold(comment=comment))


def announce(comment: Comment) -> None:
    """After the commit, who may want to look again; each hint may be lost, doubled or late."""
    hint(f"post:{comment.post_id}")
    hint("site")
    hint("desk")


SUBJECT_LENGTH = 120


def changing(comment: Comment, verb: Callable[[], None]) -> None:
    """Inside an act: a change of state, with the thread's next version and all counts."""
    post = next_version(comment.post_id)
    verb()
    comment.version = post.thread_version
    recount(comment, post)
    queue_notifications(comment, post)


def audit_label(comment: Comment) -> str:
    return f"{comment.name}: {excerpt(comment.body_html, SUBJECT_LENGTH)}"


def announce_all(comments: Sequence[Comment]) -> None:
    for comment in {comment.post_id: comment for comment in comments}.values():
        announce(comment)
