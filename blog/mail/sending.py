"""Sending what waits in the outbox: beside the server, in any number of processes, each mail held by a lease.

The database is not held while the mail server is spoken to. A crash loses nothing: what was being sent is due again
once its lease has run out. If the server had taken it in the very moment before, it gets it once more, under the same
Message-ID; the other way round, written down as sent before it was taken, it would be lost.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db, now, writing
from blog.db_errors import is_temporary
from blog.mail.models import Mail
from blog.mail.outbox import waits
from blog.mail.quota import SHARES, kinds_without_quota, quota_used_up
from blog.mail.rendering import site_title
from blog.mail.smtp import NotSent, send
from blog.settings import Settings

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
GIVE_UP = timedelta(days=2)
# so many besides, since a clock that jumps makes any time long
LEAST_TRIES = 8
MINUTE = timedelta(minutes=1)
PAUSES = (MINUTE / 3, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 180 * MINUTE)

LOOK_SECONDS = 5.0
# between two mails while the server takes none at all
LONGEST_SECONDS = 60.0
# how long a mail that is being sent may still take when the process is asked to stop
GRACE_SECONDS = 1.0
# how long a database that is away is waited for, to write down what was sent
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Tried:
    """One try: which mail, and why it was not sent, unless it was."""

    mail_id: int
    failure: NotSent | None


def keep_sending(app: Flask, *writers: Callable[[], object]) -> Callable[[], None]:
    """Send in a thread of its own for as long as this process serves, if mail is set up; what it returns ends that.

    Before each round each of the `writers` is called until it says that there is no more mail to be written.
    """
    settings: Settings = app.config["SETTINGS"]
    stopping = threading.Event()

    def work() -> None:
        pause = LOOK_SECONDS
        while not stopping.is_set():
            try:
                with app.app_context():
                    _write(writers, stopping.is_set)
                    well = send_waiting(stopping.is_set)
            except Exception as error:
                if is_temporary(error):
                    log.warning("The database is away; mail that waits is sent later")
                else:
                    log.warning("Mail that waits could not be looked at; trying again", exc_info=True)
                well = False
            pause = LOOK_SECONDS if well else min(2 * pause, LONGEST_SECONDS)
            (waits if well else stopping).wait(pause)
            waits.clear()

    def stop() -> None:
        stopping.set()
        waits.set()
        thread.join(GRACE_SECONDS)

    thread = threading.Thread(target=work, name="mail", daemon=True)
    if settings.sends_mail:
        thread.start()
        return stop
    return lambda: None


def _write(writers: Sequence[Callable[[], object]], stopping: Callable[[], bool]) -> None:
    """What cannot be written must not hold up what waits already."""
    for write_next in writers:
        try:
            while not stopping() and write_next():
                pass
        except Exception as error:
            if is_temporary(error):
                raise
            log.warning("A mail could not be written; trying again", exc_info=True)
            db.session.rollback()


def send_waiting(stopping: Callable[[], bool] = lambda: False, at: datetime | None = None) -> bool:
    """Send what is due, one mail after the other; False where the server takes none, so that it is left in peace."""
    while not stopping() and (tried := send_next(at)):
        if tried.failure and tried.failure.of_server:
            return False
    return True


def send_next(at: datetime | None = None) -> Tried | None:
    """Send the mail that has been due for longest; None where none is, or where as many were sent as may be."""
    mail = _claim(at or now())
    if mail is None:
        return None
    failure = _sent(mail)
    _end(mail, failure, at or now())
    if failure:
        log.warning("A mail could not be sent; /desk/mail says why")
    return Tried(mail.id, failure)


def _claim(at: datetime) -> Mail | None:
    """Take a mail in hand, so that nobody else does. First only looking, since mostly nothing waits."""
    found = _next_due(at) is not None
    db.session.rollback()
    if not found:
        return None
    with writing():
        mail = _next_due(at)
        if mail:
            mail.tries += 1
            mail.first_tried_at = mail.first_tried_at or at
            mail.leased_until = at + LEASE
    return mail


def _next_due(at: datetime) -> Mail | None:
    """Find the mail to send next: editors' first, then by the time, none of a kind whose share is used up."""
    settings: Settings = current_app.config["SETTINGS"]
    if db.session.scalars(select(Mail.id).where(Mail.free(at)).limit(1)).first() is None:
        return None
    if quota_used_up(settings, at):
        return None
    free = select(Mail).where(Mail.free(at), Mail.kind.not_in(kinds_without_quota(settings, at)))
    return db.session.scalars(free.order_by(Mail.kind.in_(SHARES), Mail.due_at, Mail.id).limit(1)).first()


def _sent(mail: Mail) -> NotSent | None:
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
        log.exception("A mail could not be made")
        return NotSent(_("The mail could not be made, which is a fault of ours and has been noted."))
    return None


def _end(mail: Mail, failure: NotSent | None, at: datetime) -> None:
    """Write down what became of it. What was sent is sent, whoever holds the mail by now."""
    standing = update(Mail).where(Mail.id == mail.id, Mail.sent_at.is_(None))
    if failure is None:
        _write_down(standing.values(sent_at=at, due_at=None, leased_until=None))
        return
    said: dict[str, Any] = {"leased_until": None, "failed_at": at, "last_error": str(failure)[:500]}
    tried_enough = at - (mail.first_tried_at or at) >= GIVE_UP and mail.tries >= LEAST_TRIES
    if failure.for_good or tried_enough:
        said |= {"given_up_at": at, "due_at": None}
    else:
        said |= {"due_at": at + _pause(mail.tries)}
    _write_down(standing.where(Mail.tries == mail.tries).values(**said))


def _write_down(statement: Any) -> None:
    """A database that is away just now is waited for, since what is not written down is sent once more."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with writing():
                db.session.execute(statement, execution_options={"synchronize_session": False})
            return
        except SQLAlchemyError as error:
            if not is_temporary(error) or time.monotonic() > until:
                raise
            time.sleep(1)


def _pause(tries: int) -> timedelta:
    """After so many tries. Not all at the same moment, or a server that comes back would have them all at once."""
    return PAUSES[min(tries, len(PAUSES)) - 1] * random.uniform(0.9, 1.2)  # noqa: S311
