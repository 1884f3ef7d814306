"""Forgetting: what is kept of readers, and of what was decided about them, goes after so many days.

Any number of processes may run this, at any time: each part is an act of its own that looks anew for what is due, so
that whoever comes second finds nothing; and where nothing is due nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, and_, delete, func, or_, select, update

from blog.comments.models import ADDRESS, REMOVED, SPAM, Agreement, Ban, Comment, Follow, Hold, Notice, Report
from blog.db import Record, db, now, writing
from blog.editors.audit_log import FINAL, UNBAN, UNDO_WINDOW, erase_texts
from blog.editors.models import AuditEntry, EditorSession, SignInFailure
from blog.editors.sessions import GRACE_PERIOD
from blog.editors.sign_in.password_attempts import ATTEMPT_RETENTION
from blog.site.models import current_site

AT_ONCE = 1000
# what says of a reader from where it came
TRACED: tuple[type[Comment | Agreement | Report], ...] = (Comment, Agreement, Report)
# follows that nobody confirmed, what was told, and what came to wait while no editor wanted to be told
UNCONFIRMED, TOLD, UNTOLD = timedelta(days=3), timedelta(days=30), timedelta(days=7)
# follows that wait for their comment to be visible, or for the quota of mail
UNASKED = timedelta(days=30)


class Due(NamedTuple):
    """What is due, by its ids, and what is done to it within the act."""

    which: Select[int]
    forget: Callable[[list[int]], object]


def forget_addresses(at: datetime | None = None) -> int:
    """Drop all that is older than it may be; how many."""
    forgotten = 0
    while some := forget_some(at):
        forgotten += some
    return forgotten


def forget_some(at: datetime | None = None) -> int:
    """One part of it: so many rows of each kind, so that nobody who writes has to wait; 0 when nothing is due."""
    found = [(list(db.session.scalars(due.which.limit(AT_ONCE))), due.forget) for due in what_is_due(at or now())]
    db.session.rollback()
    if any(ids for ids, _forget in found):
        with writing():
            for ids, forget in found:
                if ids:
                    forget(ids)
    return sum(len(ids) for ids, _forget in found)


def what_is_due(at: datetime) -> Iterator[Due]:
    """By what the site says at this moment."""
    site = current_site()
    kept_from = at - timedelta(days=site.address_days)
    for record in TRACED:
        traced = record.address_key.is_not(None), record.created_at <= kept_from
        yield Due(select(record.id).where(*traced), _forget_whence(record))
    yield Due(select(Ban.id).where(Ban.kind == ADDRESS, Ban.created_at <= kept_from), _drop(Ban))
    # what a ban that was lifted was of is kept for as long as undoing may need it
    lifted = AuditEntry.verb == UNBAN, AuditEntry.before != "", AuditEntry.created_at <= at - UNDO_WINDOW
    yield Due(select(AuditEntry.id).where(*lifted), _forget_bans)
    yield Due(select(SignInFailure.id).where(SignInFailure.created_at <= at - ATTEMPT_RETENTION), _drop(SignInFailure))
    yield Due(select(EditorSession.id).where(EditorSession.expires_at <= at - GRACE_PERIOD), _drop(EditorSession))
    yield Due(select(Hold.id).where(Hold.created_at <= at - UNTOLD), _drop(Hold))
    yield Due(select(Notice.id).where(Notice.created_at <= at - TOLD), _drop(Notice))
    unasked, wanted = Follow.awaits_id.is_not(None), func.coalesce(Follow.asked_at, Follow.created_at)
    late = or_(wanted <= at - UNASKED, and_(~unasked, wanted <= at - UNCONFIRMED))
    yield Due(select(Follow.id).where(Follow.confirmed_at.is_(None), late), _forget_unproven)
    if site.audit_days:
        yield from _due_in_log(at - timedelta(days=site.audit_days))
    if site.hidden_days:
        hidden = Comment.status.in_((SPAM, REMOVED)), Comment.status_at <= at - timedelta(days=site.hidden_days)
        typed = or_(*(column != "" for column in (Comment.body, Comment.name, Comment.email, Comment.website)))
        yield Due(select(Comment.id).where(*hidden, typed), _forget_hidden)


def _due_in_log(kept_from: datetime) -> Iterator[Due]:
    """That its writer took a comment away is known for good, or an editor could bring it back; only that."""
    old, final = AuditEntry.created_at <= kept_from, AuditEntry.verb.in_(FINAL)
    said = or_(*(column != "" for column in (AuditEntry.subject, AuditEntry.before, AuditEntry.reason)))
    yield Due(select(AuditEntry.id).where(old, ~final), _drop(AuditEntry))
    yield Due(select(AuditEntry.id).where(old, final, said), _forget_words)


def _drop(record: type[Record]) -> Callable[[list[int]], object]:
    return lambda ids: db.session.execute(delete(record).where(record.id.in_(ids)))


def _forget_whence(record: type[Comment | Agreement | Report]) -> Callable[[list[int]], object]:
    bare = update(record).values(address_key=None, updated_at=record.updated_at)
    return lambda ids: db.session.execute(bare.where(record.id.in_(ids)))


def _forget_unproven(ids: list[int]) -> None:
    """Not those that were confirmed meanwhile."""
    db.session.execute(delete(Follow).where(Follow.id.in_(ids), Follow.confirmed_at.is_(None)))


def _forget_bans(ids: list[int]) -> None:
    db.session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(before=""))


def _forget_words(ids: list[int]) -> None:
    nothing = {"subject": "", "before": "", "after": "", "reason": "", "editor_id": None, "editor_name": ""}
    db.session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(nothing))


def _forget_hidden(ids: list[int]) -> None:
    """Unless one was approved meanwhile."""
    hidden = Comment.id.in_(ids), Comment.status.in_((SPAM, REMOVED))
    erase_texts(select(Comment.id).where(*hidden))
    nothing = {"body": "", "body_html": "", "name": "", "email": "", "website": ""}
    db.session.execute(update(Comment).where(*hidden).values(nothing))
