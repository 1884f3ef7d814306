"""Delete old mail, and give up mail that nobody sends."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, or_, select, update

from blog.db import db, now, writing
from blog.mail.models import Mail
from blog.mail.outbox import mail_enabled
from blog.mail.sending import GIVE_UP_AFTER

KEEP_FOR = timedelta(days=30)
BATCH_SIZE = 1000


def forget_mails(at: datetime | None = None) -> int:
    """Delete and give up one batch; return its size."""
    at = at or now()
    ended = _ids(or_(Mail.sent_at <= at - KEEP_FOR, Mail.given_up_at <= at - KEEP_FOR))
    stale = [] if mail_enabled() else _ids(Mail.due_at <= at - GIVE_UP_AFTER)
    db.session.rollback()
    if ended or stale:
        with writing(affects="nothing"):
            db.session.execute(delete(Mail).where(Mail.id.in_(ended)))
            given_up = update(Mail).where(Mail.id.in_(stale), Mail.due_at.is_not(None))
            sentence = _("Mail is no longer set up, so nobody sent this.")
            values = {"given_up_at": at, "failed_at": at, "due_at": None, "leased_until": None, "last_error": sentence}
            db.session.execute(given_up.values(values))
    return len(ended) + len(stale)


def _ids(which: ColumnElement[bool]) -> list[int]:
    return list(db.session.scalars(select(Mail.id).where(which).limit(BATCH_SIZE)))
