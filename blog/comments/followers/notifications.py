"""Telling those who follow: what they are to be told is written in the act that shows a comment, and gathered later,
so that several answers within a few minutes make one mail.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, insert, literal, or_, select, update
from sqlalchemy.orm import aliased

from blog.comments.followers.unsubscribe_links import email_key, end_path, manage_path, one_click
from blog.comments.models import VISIBLE, Comment, Follow, Notice
from blog.db import db, now, writing
from blog.html import excerpt
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import delete_unsent, mail_enabled, put_mail
from blog.mail.quota import NOTICE
from blog.mail.rendering import render_mail
from blog.posts.models import Post

# how long the first answer waits for others
WAIT = timedelta(minutes=5)
MOST_LISTED = 20
EXCERPT_LENGTH = 500


class Answer(NamedTuple):
    """What a mail tells of one comment."""

    name: str
    text: str
    path: str


class Due(NamedTuple):
    """Something to be told: to whom, of which comment, and how that stood."""

    notice_id: int
    email: str
    comment_id: int
    version: int
    status: str


def queue_notifications(comment: Comment, post: Post) -> None:
    """Inside an act, after `comment` was shown, hidden or changed: what its followers are to be told.

    Nobody is told of one twice, nor of their own; what was hidden again before it was sent is taken back.
    """
    if not comment.visible or not post.published:
        _take_back(comment)
    elif mail_enabled():
        told = exists().where(Notice.follow_id == Follow.id, Notice.comment_id == comment.id)
        following = select(Follow.id, literal(comment.id)).where(Follow.post_id == post.id, ~told)
        following = following.where(or_(*_answered(comment)), *_others(comment))
        db.session.execute(insert(Notice).from_select(["follow_id", "comment_id"], following))


def send_next_digest(at: datetime | None = None) -> bool:
    """Write the mail that is due next, if one is; whether there may be more. Any number of processes may do this.

    While a mail to the same reader about the same post still waits to be sent, nothing is due: it all goes into the
    next one.
    """
    group = db.session.execute(_due_by((at or now()) - WAIT)).first()
    if group is None:
        db.session.rollback()
        return False
    key, post_id = group
    due = _due_to(key, post_id)
    letter, end = _letter(key, post_id, due), end_path(key, post_id)
    with writing():
        if _due_to(key, post_id) != due:
            return True  # something came or went meanwhile: look again
        told = Notice.id.in_([notice.notice_id for notice in due])
        if letter is None:
            db.session.execute(delete(Notice).where(told))
            return True
        mail = put_mail(due[0].email, *letter, NOTICE, headers=one_click(end))
        db.session.flush()
        db.session.execute(update(Notice).where(told).values(mailed_at=at or now(), mail_id=mail.id))
    return True


def unsend(mails: Collection[int]) -> None:
    """Inside an act: what these mails were to tell is untold again, where nobody has sent them yet."""
    waiting = db.session.execute(select(Notice.id, Notice.mail_id).where(Notice.mail_id.in_(mails))).all()
    taken = set(delete_unsent(mails))
    again = [notice for notice, mail in waiting if mail in taken]
    db.session.execute(update(Notice).where(Notice.id.in_(again)).values(mailed_at=None, mail_id=None))


def _take_back(comment: Comment) -> None:
    of_it = Notice.comment_id == comment.id
    if db.session.scalars(select(Notice.id).where(of_it).limit(1)).first() is None:
        return
    unsend(list(db.session.scalars(select(Notice.mail_id).where(of_it, Notice.mail_id.is_not(None)).distinct())))
    db.session.execute(delete(Notice).where(of_it, Notice.mailed_at.is_(None)))


def _answered(comment: Comment) -> list[ColumnElement[bool]]:
    """Which follows it is for: those of the whole thread, of what it answers, and of what that had answered."""
    parent = db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    numbers = [number for number in (comment.parent_id, parent and parent.parent_id) if number]
    return [Follow.comment_id.is_(None), Follow.comment_id.in_(numbers)]


def _others(comment: Comment) -> list[ColumnElement[bool]]:
    others: list[ColumnElement[bool]] = []
    if key := email_key(comment.email):
        others.append(Follow.email_key != key)
    if comment.reader_key:
        others.append(or_(Follow.reader_key.is_(None), Follow.reader_key != comment.reader_key))
    return others


def _due_by(before: datetime) -> Select[str, int]:
    """Whose mail about which post is due: the first thing that it has to tell came before this moment."""
    follow, told = aliased(Follow), aliased(Notice)
    waits = exists().where(
        follow.email_key == Follow.email_key,
        follow.post_id == Follow.post_id,
        told.follow_id == follow.id,
        Mail.id == told.mail_id,
        Mail.due_at.is_not(None),
    )
    untold = Notice.mailed_at.is_(None), Notice.created_at <= before
    due = select(Follow.email_key, Follow.post_id).join(Notice, Notice.follow_id == Follow.id).where(*untold)
    return due.where(Follow.confirmed_at.is_not(None), ~waits).order_by(Notice.created_at, Notice.id).limit(1)


def _due_to(key: str, post_id: int) -> list[Due]:
    """All that is untold to one reader about one post, oldest first, as it stands now."""
    found = select(Notice.id, Follow.email, Comment.id, Comment.version, Comment.status)
    found = found.join(Follow, Notice.follow_id == Follow.id).join(Comment, Notice.comment_id == Comment.id)
    found = found.where(Follow.email_key == key, Follow.post_id == post_id, Notice.mailed_at.is_(None))
    rows = db.session.execute(found.where(Follow.confirmed_at.is_not(None)).order_by(Comment.id, Notice.id))
    return [Due(*row) for row in rows]


def _letter(key: str, post_id: int, due: Sequence[Due]) -> tuple[str, str, str] | None:
    """The mail that tells of these; None where no reader can see any of them."""
    post = db.session.get_one(Post, post_id)
    numbers = list(dict.fromkeys(one.comment_id for one in due if one.status == VISIBLE))
    if not numbers or not post.published:
        return None
    comments = db.session.scalars(select(Comment).where(Comment.id.in_(numbers[:MOST_LISTED])).order_by(Comment.id))
    answers = [_told(comment) for comment in comments]
    more, ways = len(numbers) - len(answers), {"end": end_path(key, post_id), "manage": manage_path(key)}
    return render_mail(
        "notice", answers=answers, count=len(numbers), more=more, post=post, headline=one_line(post.headline), **ways
    )


def _told(comment: Comment) -> Answer:
    text = excerpt(comment.body_html, EXCERPT_LENGTH)
    return Answer(one_line(comment.name), text, f"/posts/{comment.post_id}/comments/{comment.id}")
