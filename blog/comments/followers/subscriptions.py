"""Subscribe to comments by mail, confirm the address (double opt-in), and unsubscribe.

Responses and their timing are the same for new, known and suppressed addresses, so nobody learns which are known.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import selectinload

from blog.comments.followers.notifications import unsend
from blog.comments.followers.unsubscribe_links import (
    canonical_email,
    confirm_path,
    email_key,
    manage_path,
    one_click_headers,
    unsubscribe_path,
)
from blog.comments.models import VISIBLE, Comment, Follow, Notice, Suppression
from blog.db import db, now, writing
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import delete_unsent, mail_enabled, wake_sender
from blog.mail.quota import (
    CONFIRM,
    DAY,
    HOUR,
    LINK,
    LINK_KINDS,
    LINKS_PER_RECIPIENT,
    NOTICE,
    constant_time,
    put_link,
)
from blog.mail.rendering import render_mail
from blog.posts.models import Post
from blog.row_limits import is_limit_reached, oldest_within

# unconfirmed subscriptions from one network address
REQUEST_LIMITS = (5, HOUR), (15, DAY)
# mails to one address: the question about a post, the link to all subscriptions
QUESTION_LIMIT = 1, DAY
LINK_LIMIT = 1, 6 * HOUR

# the job that asks for confirmations in this process waits for this
confirmation_waiting = threading.Event()


@dataclass(frozen=True)
class FollowRequest:
    """Represent a commenter's request to follow by mail.

    It is for the whole thread, or for replies to the comment. `address_key` is the network address that it came from.
    """

    comment: Comment
    whole_thread: bool
    address_key: str


def follow(request: FollowRequest, throttled: bool = True) -> None:
    """Store a subscription of a comment's writer.

    It is confirmed at once if this browser confirmed the address before. Else `send_next_confirmation` asks the
    address by mail once the comment is visible. With `throttled` the limits of the network address apply; beyond them
    nothing is stored.
    """
    key, post = email_key(request.comment.email), request.comment.post
    if not key or not mail_enabled():
        return
    with constant_time(), writing(affects="nothing"):
        subscription = _find_existing(key, request) or _new_follow(key, request)
        if subscription.confirmed_at is not None or is_suppressed(key):
            return
        if _has_confirmed_here(key, subscription.reader_key):
            subscription.confirm(subscription.reader_key)
        elif not _was_asked_today(key, post.id):
            if throttled and not subscription.awaits_id and _is_over_limit(request.address_key):
                return
            if not subscription.awaits_id or request.comment.visible:
                subscription.await_visible(request.comment, request.address_key)
        db.session.add(subscription)
    confirmation_waiting.set()


def send_next_confirmation(at: datetime | None = None) -> bool:
    """Put the next due confirmation mail into the outbox.

    Returns whether to call again. One is due when the comment of the request is visible. The newest goes first, since
    older ones may be waiting for a used-up quota. Any number of processes may run this.
    """
    found = db.session.scalars(_select_due(at or now()).limit(1)).first()
    if found is None:
        db.session.rollback()
        return False
    key, post_id, end = found.email_key, found.post_id, unsubscribe_path(found.email_key, found.post_id)
    links = {"confirm": confirm_path(key, post_id), "end": end, "manage": manage_path(key)}
    content = render_mail("confirm_subscription", headline=one_line(found.post.headline), **links)
    with writing(affects="nothing"):
        follow = db.session.scalars(_select_due(at or now()).where(Follow.id == found.id)).one_or_none()
        if follow is None:
            return True  # it was asked, hidden or ended meanwhile
        if not put_link(follow.email, content, CONFIRM, headers=one_click_headers(end)):
            return False
        for other in follows_of(key, post_id):
            other.awaits_id = None  # one mail confirms all subscriptions of the address to the post
        follow.asked_at = at or now()
    wake_sender()
    return True


def _select_due(at: datetime) -> Select[Follow]:
    """Select subscriptions whose confirmation may be mailed now."""
    links = Mail.recipient == Follow.email, Mail.kind.in_(LINK_KINDS)
    enough = oldest_within(Mail.created_at, LINKS_PER_RECIPIENT, at, *links).exists()
    published = Post.visible().with_only_columns(Post.id)
    due = select(Follow).join(Comment, Follow.awaits_id == Comment.id)
    due = due.where(Follow.awaits_id.is_not(None), Comment.status == VISIBLE, Follow.post_id.in_(published))
    return due.where(~enough).order_by(Follow.asked_at.desc(), Follow.id.desc())


def confirm(key: str, post_id: int, reader_key: str | None) -> None:
    """Confirm all subscriptions of an address to a post."""
    with writing(affects="nothing"):
        confirmed: set[int | None] = set()
        for follow in sorted(follows_of(key, post_id), key=lambda one: one.reader_key != reader_key):
            follow.confirm(reader_key)
            if follow.comment_id in confirmed:  # another browser asked for the same
                db.session.delete(follow)
            confirmed.add(follow.comment_id)


def unfollow_post(key: str, post_id: int) -> None:
    _unfollow(Follow.email_key == key, Follow.post_id == post_id)


def unfollow(key: str, follow_id: int) -> None:
    _unfollow(Follow.email_key == key, Follow.id == follow_id)


def unfollow_all(key: str) -> None:
    _unfollow(Follow.email_key == key)


def suppress(key: str) -> None:
    """Never mail this address again: end its subscriptions and refuse new ones."""
    with writing(affects="nothing"):
        addresses = select(Follow.email).where(Follow.email_key == key)
        unsent = Mail.due_at.is_not(None), Mail.kind.in_((CONFIRM, LINK, NOTICE)), Mail.recipient.in_(addresses)
        delete_unsent(list(db.session.scalars(select(Mail.id).where(*unsent))))
        _delete_follows(Follow.email_key == key)
        if not is_suppressed(key):
            db.session.add(Suppression(email_key=key))


def is_suppressed(key: str) -> bool:
    return db.session.scalars(select(Suppression.id).where(Suppression.email_key == key)).first() is not None


def follows_of(key: str, post_id: int | None = None) -> list[Follow]:
    """Return an address's subscriptions, of one post or all, confirmed or not."""
    query = select(Follow).where(Follow.email_key == key).options(selectinload(Follow.post))
    if post_id is not None:
        query = query.where(Follow.post_id == post_id)
    return list(db.session.scalars(query.order_by(Follow.id)))


def send_manage_link(email: str) -> None:
    """Mail the link to the page of subscriptions.

    LINK_LIMIT applies. Nothing is sent to an address without a confirmed subscription.
    """
    key = email_key(email)
    if not key or not mail_enabled():
        return
    content = render_mail("manage_subscriptions", manage=manage_path(key))
    with constant_time(), writing(affects="nothing"):
        confirmed = [follow for follow in follows_of(key) if follow.confirmed_at]
        same = Follow.email_key == key, Follow.confirmed_at.is_not(None)
        recent = is_limit_reached(Follow.link_sent_at, [LINK_LIMIT], now(), *same)
        if put_link(canonical_email(email), content, LINK, deliver=bool(confirmed) and not recent):
            for follow in confirmed:
                follow.link_sent_at = now()
    wake_sender()


def _find_existing(key: str, request: FollowRequest) -> Follow | None:
    comment_id = None if request.whole_thread else request.comment.id
    same = [one for one in follows_of(key, request.comment.post_id) if one.comment_id == comment_id]
    # a request from another browser must not prevent this one
    return next((one for one in same if one.confirmed_at or one.reader_key == request.comment.reader_key), None)


def _new_follow(key: str, request: FollowRequest) -> Follow:
    return Follow(
        email=canonical_email(request.comment.email),
        email_key=key,
        post_id=request.comment.post_id,
        comment_id=None if request.whole_thread else request.comment.id,
        reader_key=request.comment.reader_key,
        same_browser=False,
    )


def _has_confirmed_here(key: str, reader_key: str | None) -> bool:
    """Tell whether this reader's browser confirmed the address before."""
    confirmed = select(Follow.id).where(Follow.email_key == key, Follow.reader_key == reader_key, Follow.same_browser)
    return reader_key is not None and db.session.scalars(confirmed.limit(1)).first() is not None


def _was_asked_today(key: str, post_id: int) -> bool:
    asked = Follow.email_key == key, Follow.post_id == post_id, Follow.awaits_id.is_(None)
    return is_limit_reached(Follow.asked_at, [QUESTION_LIMIT], now(), *asked)


def _is_over_limit(address_key: str) -> bool:
    return is_limit_reached(Follow.asked_at, REQUEST_LIMITS, now(), Follow.address_key == address_key)


def _unfollow(*conditions: ColumnElement[bool]) -> None:
    with writing(affects="nothing"):
        _delete_follows(*conditions)


def _delete_follows(*conditions: ColumnElement[bool]) -> None:
    """Delete subscriptions with their pending notifications and unsent digests."""
    mails = select(Notice.mail_id).join(Follow, Notice.follow_id == Follow.id).where(*conditions)
    unsend(list(db.session.scalars(mails.where(Notice.mail_id.is_not(None)).distinct())))
    db.session.execute(delete(Follow).where(*conditions))
