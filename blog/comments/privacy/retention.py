"""Delete data of readers and editors when its retention period ends.

Any number of processes may run this at any time: each batch is a transaction that looks for expired rows afresh.
Without expired rows nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, and_, delete, func, or_, select, update

from blog.comments.models import ADDRESS, REMOVED, SPAM, Agreement, Ban, Comment, Follow, Notice, PendingAlert, Report
from blog.db import Record, db, now, writing
from blog.editors.audit_log import FINAL, UNBAN, UNDO_WINDOW, erase_texts
from blog.editors.models import AuditEntry, EditorSession, SignInFailure
from blog.editors.sessions import GRACE_PERIOD
from blog.editors.sign_in.password_attempts import ATTEMPT_RETENTION
from blog.site.models import current_site

BATCH_SIZE = 1000
# the records that have the key of a network address
WITH_ADDRESS: tuple[type[Comment | Agreement | Report], ...] = (Comment, Agreement, Report)
NOTICE_RETENTION = timedelta(days=30)
# holds that no editor was alerted to
HOLD_RETENTION = timedelta(days=7)
# subscriptions that were never confirmed, after the confirmation mail and before it
UNCONFIRMED_RETENTION, UNASKED_RETENTION = timedelta(days=3), timedelta(days=30)


class Expired(NamedTuple):
    """Pair a query for expired ids with the deletion of their data."""

    query: Select[int]
    forget: Callable[[list[int]], object]


def delete_all_expired(at: datetime | None = None) -> int:
    """Delete everything that expired. Return the number of rows."""
    deleted = 0
    while count := delete_expired_batch(at):
        deleted += count
    return deleted


def delete_expired_batch(at: datetime | None = None) -> int:
    """Delete a batch of each kind, small so others hardly wait."""
    expired = [
        (list(db.session.scalars(kind.query.limit(BATCH_SIZE))), kind.forget) for kind in expired_kinds(at or now())
    ]
    db.session.rollback()
    if any(ids for ids, _forget in expired):
        with writing(affects="nothing"):
            for ids, forget in expired:
                if ids:
                    forget(ids)
    return sum(len(ids) for ids, _forget in expired)


def expired_kinds(at: datetime) -> Iterator[Expired]:
    """Yield each kind of expired rows, under the site's present settings."""
    site = current_site()
    oldest_address = at - timedelta(days=site.address_days)
    for record in WITH_ADDRESS:
        has_address = record.address_key.is_not(None), record.created_at <= oldest_address
        yield Expired(select(record.id).where(*has_address), _clear_address(record))
    yield Expired(select(Ban.id).where(Ban.kind == ADDRESS, Ban.created_at <= oldest_address), _delete(Ban))
    # an undo of the unban needs what was banned
    unbans = AuditEntry.verb == UNBAN, AuditEntry.before != "", AuditEntry.created_at <= at - UNDO_WINDOW
    yield Expired(select(AuditEntry.id).where(*unbans), _clear_unbans)
    yield Expired(
        select(SignInFailure.id).where(SignInFailure.created_at <= at - ATTEMPT_RETENTION), _delete(SignInFailure)
    )
    yield Expired(select(EditorSession.id).where(EditorSession.expires_at <= at - GRACE_PERIOD), _delete(EditorSession))
    yield Expired(select(PendingAlert.id).where(PendingAlert.created_at <= at - HOLD_RETENTION), _delete(PendingAlert))
    yield Expired(select(Notice.id).where(Notice.created_at <= at - NOTICE_RETENTION), _delete(Notice))
    is_unasked, since = Follow.awaits_id.is_not(None), func.coalesce(Follow.asked_at, Follow.created_at)
    too_old = or_(since <= at - UNASKED_RETENTION, and_(~is_unasked, since <= at - UNCONFIRMED_RETENTION))
    yield Expired(select(Follow.id).where(Follow.confirmed_at.is_(None), too_old), _delete_unconfirmed)
    if site.audit_days:
        yield from _expired_audit_entries(at - timedelta(days=site.audit_days))
    if site.hidden_days:
        hidden = Comment.status.in_((SPAM, REMOVED)), Comment.status_at <= at - timedelta(days=site.hidden_days)
        has_text = or_(*(column != "" for column in (Comment.body, Comment.name, Comment.email, Comment.website)))
        yield Expired(select(Comment.id).where(*hidden, has_text), _clear_hidden_comments)


def _expired_audit_entries(oldest: datetime) -> Iterator[Expired]:
    """Yield old audit entries. Final ones stay, emptied, to prevent restores."""
    is_old, is_final = AuditEntry.created_at <= oldest, AuditEntry.verb.in_(FINAL)
    has_text = or_(*(column != "" for column in (AuditEntry.subject, AuditEntry.before, AuditEntry.reason)))
    yield Expired(select(AuditEntry.id).where(is_old, ~is_final), _delete(AuditEntry))
    yield Expired(select(AuditEntry.id).where(is_old, is_final, has_text), _clear_audit_entries)


def _delete(record: type[Record]) -> Callable[[list[int]], object]:
    return lambda ids: db.session.execute(delete(record).where(record.id.in_(ids)))


def _clear_address(record: type[Comment | Agreement | Report]) -> Callable[[list[int]], object]:
    cleared = update(record).values(address_key=None, updated_at=record.updated_at)
    return lambda ids: db.session.execute(cleared.where(record.id.in_(ids)))


def _delete_unconfirmed(ids: list[int]) -> None:
    # one may have been confirmed meanwhile
    db.session.execute(delete(Follow).where(Follow.id.in_(ids), Follow.confirmed_at.is_(None)))


def _clear_unbans(ids: list[int]) -> None:
    db.session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(before=""))


def _clear_audit_entries(ids: list[int]) -> None:
    nothing = {"subject": "", "before": "", "after": "", "reason": "", "editor_id": None, "editor_name": ""}
    db.session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(nothing))


def _clear_hidden_comments(ids: list[int]) -> None:
    # one may have been approved meanwhile
    hidden = Comment.id.in_(ids), Comment.status.in_((SPAM, REMOVED))
    erase_texts(select(Comment.id).where(*hidden))
    nothing = {"body": "", "body_html": "", "name": "", "email": "", "website": ""}
    db.session.execute(update(Comment).where(*hidden).values(nothing))
