"""Notify followers of new comments by mail.

Notifications are queued in the transaction that makes a comment visible, and collected later, so that several replies
within a few minutes make one mail (a digest).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Insert, Select, delete, exists, insert, literal, or_, select, update
from sqlalchemy.orm import aliased

from blog.comments.followers.unsubscribe_links import email_key, manage_path, one_click_headers, unsubscribe_path
from blog.comments.models import VISIBLE, Comment, Follow, Notice
from blog.db import db, now, writing
from blog.html import excerpt
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import delete_unsent, mail_enabled, put_mail, wake_sender
from blog.mail.quota import NOTICE
from blog.mail.rendering import render_mail
from blog.posts.models import Post

# from the first pending notification to the digest
DIGEST_DELAY = timedelta(minutes=5)
MAX_LISTED = 20
EXCERPT_LENGTH = 500


class DigestItem(NamedTuple):
    """Represent one comment as a digest shows it."""

    name: str
    text: str
    path: str


class PendingNotice(NamedTuple):
    """Represent a notification to send, with the state of its comment."""

    notice_id: int
    email: str
    comment_id: int
    version: int
    status: str


def queue_notifications(comments: Collection[Comment]) -> None:
    """Queue or withdraw notifications after comments changed, within their transaction.

    A follower is notified of a comment once, and never of an own comment. If a comment is hidden again, its unsent
    notifications are deleted.
    """
    published = [comment for comment in comments if comment.visible and comment.post.published]
    if hidden := {comment.id for comment in comments} - {comment.id for comment in published}:
        _withdraw_notices(hidden)
    if mail_enabled():
        for comment in published:
            db.session.execute(_insert_notices(comment))


def _insert_notices(comment: Comment) -> Insert:
    notified = exists().where(Notice.follow_id == Follow.id, Notice.comment_id == comment.id)
    followers = select(Follow.id, literal(comment.id)).where(Follow.post_id == comment.post_id, ~notified)
    followers = followers.where(or_(*_is_about(comment)), *_is_not_author_of(comment))
    return insert(Notice).from_select(["follow_id", "comment_id"], followers)


def send_next_digest(at: datetime | None = None) -> bool:
    """Put the next due digest into the outbox.

    Returns whether to call again. Any number of processes may run this. While an earlier digest to the same reader
    about the same post is unsent, none is due: the notifications wait for the next one.
    """
    group = db.session.execute(_select_due((at or now()) - DIGEST_DELAY)).first()
    if group is None:
        db.session.rollback()
        return False
    key, post_id = group
    pending = _load_pending(key, post_id)
    content, unsubscribe = _render_digest(key, post_id, pending), unsubscribe_path(key, post_id)
    with writing(affects="nothing"):
        if _load_pending(key, post_id) != pending:
            return True  # it changed while the mail was rendered
        included = Notice.id.in_([notice.notice_id for notice in pending])
        if content is None:
            db.session.execute(delete(Notice).where(included))
            return True
        mail = put_mail(pending[0].email, *content, NOTICE, headers=one_click_headers(unsubscribe))
        db.session.flush()
        db.session.execute(update(Notice).where(included).values(mailed_at=at or now(), mail_id=mail.id))
    wake_sender()
    return True


def unsend(mails: Collection[int]) -> None:
    """Take unsent digests back, within a transaction: their notifications are pending again."""
    notices = db.session.execute(select(Notice.id, Notice.mail_id).where(Notice.mail_id.in_(mails))).all()
    deleted = set(delete_unsent(mails))
    pending = [notice for notice, mail in notices if mail in deleted]
    db.session.execute(update(Notice).where(Notice.id.in_(pending)).values(mailed_at=None, mail_id=None))


def _withdraw_notices(comment_ids: Collection[int]) -> None:
    about = Notice.comment_id.in_(comment_ids)
    if db.session.scalars(select(Notice.id).where(about).limit(1)).first() is None:
        return
    unsend(list(db.session.scalars(select(Notice.mail_id).where(about, Notice.mail_id.is_not(None)).distinct())))
    db.session.execute(delete(Notice).where(about, Notice.mailed_at.is_(None)))


def _is_about(comment: Comment) -> list[ColumnElement[bool]]:
    """Return alternatives: subscriptions to the thread, the parent, or its parent."""
    parent = db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    ids = [comment_id for comment_id in (comment.parent_id, parent and parent.parent_id) if comment_id]
    return [Follow.comment_id.is_(None), Follow.comment_id.in_(ids)]


def _is_not_author_of(comment: Comment) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if key := email_key(comment.email):
        conditions.append(Follow.email_key != key)
    if comment.reader_key:
        conditions.append(or_(Follow.reader_key.is_(None), Follow.reader_key != comment.reader_key))
    return conditions


def _select_due(before: datetime) -> Select[str, int]:
    """Select the reader and post of the next due digest."""
    follow, notice = aliased(Follow), aliased(Notice)
    has_unsent_digest = exists().where(
        follow.email_key == Follow.email_key,
        follow.post_id == Follow.post_id,
        notice.follow_id == follow.id,
        Mail.id == notice.mail_id,
        Mail.due_at.is_not(None),
    )
    is_pending = Notice.mailed_at.is_(None), Notice.created_at <= before
    due = select(Follow.email_key, Follow.post_id).join(Notice, Notice.follow_id == Follow.id).where(*is_pending)
    due = due.where(Follow.confirmed_at.is_not(None), ~has_unsent_digest)
    return due.order_by(Notice.created_at, Notice.id).limit(1)


def _load_pending(key: str, post_id: int) -> list[PendingNotice]:
    """Load all pending notifications to one reader about one post, oldest first."""
    query = select(Notice.id, Follow.email, Comment.id, Comment.version, Comment.status)
    query = query.join(Follow, Notice.follow_id == Follow.id).join(Comment, Notice.comment_id == Comment.id)
    query = query.where(Follow.email_key == key, Follow.post_id == post_id, Notice.mailed_at.is_(None))
    rows = db.session.execute(query.where(Follow.confirmed_at.is_not(None)).order_by(Comment.id, Notice.id))
    return [PendingNotice(*row) for row in rows]


def _render_digest(key: str, post_id: int, pending: Sequence[PendingNotice]) -> tuple[str, str, str] | None:
    """Render the digest; None if readers can see none of its comments."""
    post = db.session.get_one(Post, post_id)
    ids = list(dict.fromkeys(notice.comment_id for notice in pending if notice.status == VISIBLE))
    if not ids or not post.published:
        return None
    comments = db.session.scalars(select(Comment).where(Comment.id.in_(ids[:MAX_LISTED])).order_by(Comment.id))
    items = [_digest_item(comment) for comment in comments]
    more, links = len(ids) - len(items), {"end": unsubscribe_path(key, post_id), "manage": manage_path(key)}
    return render_mail(
        "new_replies", answers=items, count=len(ids), more=more, post=post, headline=one_line(post.headline), **links
    )


def _digest_item(comment: Comment) -> DigestItem:
    text = excerpt(comment.body_html, EXCERPT_LENGTH)
    return DigestItem(one_line(comment.name), text, f"/posts/{comment.post_id}/comments/{comment.id}")
