"""Following by mail: a reader asks to be told, proves the address once, and ends it whenever they like.

Whoever asks learns nothing of an address: it all looks alike whether it is new, known, or never to be written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import selectinload

from blog.comments.linking import confirm_path, email_key, end_path, folded, manage_path, one_click
from blog.comments.mail_models import Follow, Notice, Silence
from blog.comments.models import Comment
from blog.comments.noticing import NOTICE, untell
from blog.db import db, now, writing
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import hint_mail, mail_set_up, put_mail, take_back
from blog.mail.rendering import render_mail

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# how often one address is asked to confirm: once a day for a post, and this often a day in all
ASKED_A_DAY = 5
# at most so many addresses within so long from one network address; those that proved themselves do not count
ASKED_FROM = ((5, HOUR), (15, DAY))
LINK_EVERY = 6 * HOUR
# what the desk calls these mails
CONFIRM, LINK = "confirm", "link"


@dataclass(frozen=True)
class Wish:
    """What a reader who has just written asks to be told of: all responses, or answers to that one; and whence."""

    comment: Comment
    whole: bool
    address_key: str


def follow(wish: Wish, paced: bool = True) -> None:
    """Tell the writer of a comment by mail from now on; who has not proven the address here is asked to, by mail.

    `paced` asks for the limit of one network address. Where too many mails were asked for, nothing comes of it.
    """
    key, post = email_key(wish.comment.email), wish.comment.post
    if not key or not mail_set_up():
        return
    end = end_path(key, post.id)
    ways = {"confirm": confirm_path(key, post.id), "end": end, "manage": manage_path(key)}
    letter = render_mail("confirm", headline=one_line(post.headline), **ways)
    with writing():
        wished = _standing(key, wish) or _new(key, wish)
        if wished.confirmed_at is not None or is_silenced(key):
            return
        if _proven_here(key, wished.reader_key):
            wished.confirm(wished.reader_key)
        elif not _asked_lately(key, post.id):
            if _asked_too_often(key, wish.address_key if paced else ""):
                return
            wished.asked_at, wished.address_key = now(), wish.address_key
            put_mail(wished.email, *letter, CONFIRM, headers=one_click(end))
        db.session.add(wished)
    hint_mail()


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
        take_back(list(db.session.scalars(select(Mail.id).where(*waiting))))
        _drop(Follow.email_key == key)
        if not is_silenced(key):
            db.session.add(Silence(email_key=key))


def is_silenced(key: str) -> bool:
    return db.session.scalars(select(Silence.id).where(Silence.email_key == key)).first() is not None


def follows_of(key: str, post_id: int | None = None) -> list[Follow]:
    """All that an address follows or has asked to, or that under one post, the oldest first."""
    found = select(Follow).where(Follow.email_key == key).options(selectinload(Follow.post))
    if post_id is not None:
        found = found.where(Follow.post_id == post_id)
    return list(db.session.scalars(found.order_by(Follow.id)))


def send_link(email: str) -> None:
    """Mail to an address that follows something the link to its page; nothing where it does not, or just had one."""
    key = email_key(email)
    letter = render_mail("link", manage=manage_path(key))
    with writing():
        proven = [follow for follow in follows_of(key) if follow.confirmed_at]
        lately = [follow for follow in proven if follow.link_sent_at and follow.link_sent_at > now() - LINK_EVERY]
        if not proven or lately or not mail_set_up():
            return
        for follow in proven:
            follow.link_sent_at = now()
        put_mail(proven[0].email, *letter, LINK)
    hint_mail()


def _standing(key: str, wish: Wish) -> Follow | None:
    number = None if wish.whole else wish.comment.id
    alike = [follow for follow in follows_of(key, wish.comment.post_id) if follow.comment_id == number]
    # that somebody else asked for it stands in nobody's way
    return next((one for one in alike if one.confirmed_at or one.reader_key == wish.comment.reader_key), None)


def _new(key: str, wish: Wish) -> Follow:
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
    return any(follow.asked_at and follow.asked_at > now() - DAY for follow in follows_of(key, post_id))


def _asked_too_often(key: str, address_key: str) -> bool:
    whose = [(Follow.email_key == key, ASKED_A_DAY, DAY)]
    whose += [(Follow.address_key == address_key, most, within) for most, within in ASKED_FROM if address_key]
    counts = (
        (db.session.scalar(select(func.count(Follow.id)).where(mine, Follow.asked_at > now() - within)) or 0, most)
        for mine, most, within in whose
    )
    return any(count >= most for count, most in counts)


def _end(*which: ColumnElement[bool]) -> None:
    with writing():
        _drop(*which)


def _drop(*which: ColumnElement[bool]) -> None:
    """Inside an act: with what was still to be told, or waits to be sent."""
    told = select(Notice.mail_id).join(Follow, Notice.follow_id == Follow.id).where(*which)
    untell(list(db.session.scalars(told.where(Notice.mail_id.is_not(None)).distinct())))
    db.session.execute(delete(Follow).where(*which))
