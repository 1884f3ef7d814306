"""Following by mail: a reader asks to be told, proves the address once, and ends it whenever they like.

Whoever asks learns nothing of an address: it all looks alike whether it is new, known, or never to be written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import selectinload

from blog.comments.followers.notifications import unsend
from blog.comments.followers.unsubscribe_links import confirm_path, email_key, end_path, folded, manage_path, one_click
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
    MAX_LINKS_PER_RECIPIENT_AND_DAY,
    NOTICE,
    constant_time,
    put_link,
)
from blog.mail.rendering import render_mail
from blog.posts.models import Post

# at most so many addresses within so long from one network address; those that proved themselves do not count
ASKED_FROM = ((5, HOUR), (15, DAY))
LINK_EVERY = 6 * HOUR


@dataclass(frozen=True)
class FollowRequest:
    """What a reader who has just written asks to be told of: all responses, or answers to that one; and whence."""

    comment: Comment
    whole: bool
    address_key: str


def follow(wish: FollowRequest, paced: bool = True) -> None:
    """Keep the wish of a comment's writer to be told by mail; an address not proven here is first asked by mail.

    That mail is written by `send_next_confirmation`, once the comment is visible. `paced` asks for the limit of one
    network address, beyond which nothing is kept.
    """
    key, post = email_key(wish.comment.email), wish.comment.post
    if not key or not mail_enabled():
        return
    with constant_time(), writing():
        wished = _standing(key, wish) or _new(key, wish)
        if wished.confirmed_at is not None or is_silenced(key):
            return
        if _proven_here(key, wished.reader_key):
            wished.confirm(wished.reader_key)
        elif not _asked_lately(key, post.id):
            if paced and not wished.awaits_id and _asked_too_often(wish.address_key):
                return
            if not wished.awaits_id or wish.comment.visible:
                wished.await_visible(wish.comment, wish.address_key)
        db.session.add(wished)
    wake_sender()


def send_next_confirmation(at: datetime | None = None) -> bool:
    """Write the next mail that asks an address to confirm, if one is due; whether there may be more.

    Due is what awaits a comment that is visible now, the newest first, since others may wait behind a used-up quota.
    Any number of processes may do this.
    """
    found = db.session.scalars(_askable(at or now()).limit(1)).first()
    if found is None:
        db.session.rollback()
        return False
    key, post_id, end = found.email_key, found.post_id, end_path(found.email_key, found.post_id)
    ways = {"confirm": confirm_path(key, post_id), "end": end, "manage": manage_path(key)}
    letter = render_mail("confirm", headline=one_line(found.post.headline), **ways)
    with writing():
        follow = db.session.scalars(_askable(at or now()).where(Follow.id == found.id)).one_or_none()
        if follow is None:
            return True  # it was asked, hidden or ended meanwhile
        if not put_link(follow.email, letter, CONFIRM, headers=one_click(end)):
            return False
        for waiting in follows_of(key, post_id):
            waiting.awaits_id = None  # one mail is for all that this address wants of the post
        follow.asked_at = at or now()
    return True


def _askable(at: datetime) -> Select[Follow]:
    """Follows whose address may be asked now: the comment stands, and it had not too many such mails today."""
    mails = select(func.count(Mail.id)).where(
        Mail.recipient == Follow.email, Mail.kind.in_(LINK_KINDS), Mail.created_at.between(at - DAY, at)
    )
    published = Post.visible().with_only_columns(Post.id)
    askable = select(Follow).join(Comment, Follow.awaits_id == Comment.id)
    askable = askable.where(Follow.awaits_id.is_not(None), Comment.status == VISIBLE, Follow.post_id.in_(published))
    askable = askable.where(mails.scalar_subquery() < MAX_LINKS_PER_RECIPIENT_AND_DAY)
    return askable.order_by(Follow.asked_at.desc(), Follow.id.desc())


def confirm(key: str, post_id: int, reader_key: str | None) -> None:
    """The address is proven, by the browser of this reader: whatever it asked for under this post begins."""
    with writing():
        begun: set[int | None] = set()
        for follow in sorted(follows_of(key, post_id), key=lambda one: one.reader_key != reader_key):
            follow.confirm(reader_key)
            if follow.comment_id in begun:  # asked for by somebody else besides
                db.session.delete(follow)
            begun.add(follow.comment_id)


def end(key: str, post_id: int) -> None:
    """Nothing more about this post goes to this address."""
    _end(Follow.email_key == key, Follow.post_id == post_id)


def end_one(key: str, follow_id: int) -> None:
    _end(Follow.email_key == key, Follow.id == follow_id)


def end_all(key: str) -> None:
    _end(Follow.email_key == key)


def silence(key: str) -> None:
    """Nothing is written to this address again, whoever asks."""
    with writing():
        addresses = select(Follow.email).where(Follow.email_key == key)
        waiting = Mail.due_at.is_not(None), Mail.kind.in_((CONFIRM, LINK, NOTICE)), Mail.recipient.in_(addresses)
        delete_unsent(list(db.session.scalars(select(Mail.id).where(*waiting))))
        _drop(Follow.email_key == key)
        if not is_silenced(key):
            db.session.add(Suppression(email_key=key))


def is_silenced(key: str) -> bool:
    return db.session.scalars(select(Suppression.id).where(Suppression.email_key == key)).first() is not None


def follows_of(key: str, post_id: int | None = None) -> list[Follow]:
    """All that an address follows or has asked to, or that under one post, the oldest first."""
    found = select(Follow).where(Follow.email_key == key).options(selectinload(Follow.post))
    if post_id is not None:
        found = found.where(Follow.post_id == post_id)
    return list(db.session.scalars(found.order_by(Follow.id)))


def send_link(email: str) -> None:
    """Mail to an address that follows something the link to its page; nothing where it does not, or just had one."""
    key = email_key(email)
    if not key or not mail_enabled():
        return
    letter = render_mail("link", manage=manage_path(key))
    with constant_time(), writing():
        proven = [follow for follow in follows_of(key) if follow.confirmed_at]
        lately = [follow for follow in proven if follow.link_sent_at and follow.link_sent_at > now() - LINK_EVERY]
        if put_link(folded(email), letter, LINK, deliver=bool(proven) and not lately):
            for follow in proven:
                follow.link_sent_at = now()
    wake_sender()


def _standing(key: str, wish: FollowRequest) -> Follow | None:
    number = None if wish.whole else wish.comment.id
    alike = [follow for follow in follows_of(key, wish.comment.post_id) if follow.comment_id == number]
    # that somebody else asked for it stands in nobody's way
    return next((one for one in alike if one.confirmed_at or one.reader_key == wish.comment.reader_key), None)


def _new(key: str, wish: FollowRequest) -> Follow:
    return Follow(
        email=folded(wish.comment.email),
        email_key=key,
        post_id=wish.comment.post_id,
        comment_id=None if wish.whole else wish.comment.id,
        reader_key=wish.comment.reader_key,
        same_browser=False,
    )


def _proven_here(key: str, reader_key: str | None) -> bool:
    """Whether this reader's browser has shown before that the address is theirs."""
    proven = select(Follow.id).where(Follow.email_key == key, Follow.reader_key == reader_key, Follow.same_browser)
    return reader_key is not None and db.session.scalars(proven.limit(1)).first() is not None


def _asked_lately(key: str, post_id: int) -> bool:
    follows = [follow for follow in follows_of(key, post_id) if not follow.awaits_id]
    return any(follow.asked_at and follow.asked_at > now() - DAY for follow in follows)


def _asked_too_often(address_key: str) -> bool:
    mine = Follow.address_key == address_key
    counts = (
        (db.session.scalar(select(func.count(Follow.id)).where(mine, Follow.asked_at > now() - within)) or 0, most)
        for most, within in ASKED_FROM
    )
    return any(count >= most for count, most in counts)


def _end(*which: ColumnElement[bool]) -> None:
    with writing():
        _drop(*which)


def _drop(*which: ColumnElement[bool]) -> None:
    """Inside an act: with what was still to be told, or waits to be sent."""
    told = select(Notice.mail_id).join(Follow, Notice.follow_id == Follow.id).where(*which)
    unsend(list(db.session.scalars(told.where(Notice.mail_id.is_not(None)).distinct())))
    db.session.execute(delete(Follow).where(*which))
