"""Send due mail from the outbox, in any number of processes.

A process claims a mail by a lease and holds no transaction while it talks to the mail server. After a crash the lease
runs out and the mail is sent again. If the server had accepted it already, the recipient gets it twice, under the same
Message-ID; storing the success first would lose it instead.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db, now, writing
from blog.db_errors import is_temporary
from blog.mail.models import Mail
from blog.mail.quota import SHARES, is_quota_used_up, kinds_over_quota
from blog.mail.rendering import site_title
from blog.mail.smtp import NotSent, send
from blog.settings import Settings

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(days=2)
# attempts count too, since a clock that jumps makes any time long
MIN_TRIES = 8
MINUTE = timedelta(minutes=1)
RETRY_DELAYS = (MINUTE / 3, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 180 * MINUTE)

# how long to retry storing a result while the database is away
DATABASE_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Attempt:
    """Describe one attempt to send a mail; `failure` is None on success."""

    mail_id: int
    failure: NotSent | None


def send_due_mails(at: datetime | None = None) -> bool:
    """Send all due mails; return False if the server accepts none."""
    try:
        while send_next_mail(at):
            pass
    except NotSent:
        return False
    return True


def send_next_mail(at: datetime | None = None) -> bool:
    """Send the next due mail; return whether there was one.

    Raises: NotSent if the server accepts none.
    """
    attempt = send_next(at)
    if attempt and attempt.failure and attempt.failure.by_server:
        raise attempt.failure
    return attempt is not None


def send_next(at: datetime | None = None) -> Attempt | None:
    """Send the mail that has been due longest, if the quota allows."""
    mail = _claim(at or now())
    if mail is None:
        return None
    failure = _try_send(mail)
    _save_result(mail, failure, at or now())
    if failure:
        log.warning("Sending a mail failed; /desk/mail says why")
    return Attempt(mail.id, failure)


def _claim(at: datetime) -> Mail | None:
    """Lease the next due mail. Reads first, since usually none is due."""
    found = _next_due(at) is not None
    db.session.rollback()
    if not found:
        return None
    with writing(affects="nothing"):
        mail = _next_due(at)
        if mail:
            mail.tries += 1
            mail.first_tried_at = mail.first_tried_at or at
            mail.leased_until = at + LEASE
    return mail


def _next_due(at: datetime) -> Mail | None:
    """Return the mail to send next: editors' mail first, then the oldest."""
    settings: Settings = current_app.config["SETTINGS"]
    if db.session.scalars(select(Mail.id).where(Mail.is_due(at)).limit(1)).first() is None:
        return None
    if is_quota_used_up(settings, at):
        return None
    due = select(Mail).where(Mail.is_due(at), Mail.kind.not_in(kinds_over_quota(settings, at)))
    return db.session.scalars(due.order_by(Mail.kind.in_(SHARES), Mail.due_at, Mail.id).limit(1)).first()


def _try_send(mail: Mail) -> NotSent | None:
    settings: Settings = current_app.config["SETTINGS"]
    try:
        title = site_title()
        db.session.remove()
        send(settings, mail, title)
    except NotSent as failure:
        return failure
    except Exception as error:
        if is_temporary(error):
            raise
        log.exception("Building a mail failed")
        return NotSent(_("The mail could not be made, which is a fault of ours and has been noted."))
    return None


def _save_result(mail: Mail, failure: NotSent | None, at: datetime) -> None:
    """Store the result of an attempt.

    A success counts even if another process holds the lease by now.
    """
    unsent = update(Mail).where(Mail.id == mail.id, Mail.sent_at.is_(None))
    if failure is None:
        execute_patiently(unsent.values(sent_at=at, due_at=None, leased_until=None))
        return
    values: dict[str, Any] = {"leased_until": None, "failed_at": at, "last_error": str(failure)[:500]}
    expired = at - (mail.first_tried_at or at) >= GIVE_UP_AFTER and mail.tries >= MIN_TRIES
    if failure.permanent or expired:
        values |= {"given_up_at": at, "due_at": None}
    else:
        values |= {"due_at": at + retry_delay(mail.tries)}
    execute_patiently(unsent.where(Mail.tries == mail.tries).values(**values))


def execute_patiently(statement: Any) -> None:
    """Execute a statement, retrying while the database is away.

    A result that is not stored would send the mail again.
    """
    until = time.monotonic() + DATABASE_WAIT_SECONDS
    while True:
        try:
            with writing(affects="nothing"):
                db.session.execute(statement, execution_options={"synchronize_session": False})
            return
        except SQLAlchemyError as error:
            if not is_temporary(error) or time.monotonic() > until:
                raise
            time.sleep(1)


def retry_delay(tries: int) -> timedelta:
    """Return the delay after this many tries, randomised to spread load."""
    return RETRY_DELAYS[min(tries, len(RETRY_DELAYS)) - 1] * random.uniform(0.9, 1.2)  # noqa: S311
