"""Write mail to the outbox, in the transaction that causes it.

subject, text, html = render_mail("new_replies", post=post, …)      # slow, so before
with writing(affects="nothing"):
    …
    put_mail(reader.email, subject, text, html, "notice", headers={"List-Unsubscribe": …})
wake_sender()                                                     # after the commit
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select

from blog.db import db, now
from blog.email_addresses import MAX_ADDRESS_BYTES, is_email_address
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.settings import Settings

ALLOWED_HEADERS = {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Reply-To"}
MAX_SUBJECT_LENGTH = 250

# the job that sends mail in this process waits for this
mail_waiting = threading.Event()


def mail_enabled() -> bool:
    """Return whether this site sends mail."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.sends_mail


def put_mail(  # noqa: PLR0913
    to: str,
    subject: str,
    text: str,
    html: str,
    kind: str,
    *,
    headers: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
) -> Mail:
    """Write a mail that is sent after the commit, within `writing()`.

    `due_at` is at most a day away; `kind` is a word of at most 20 characters. A mail to an invalid address is stored as
    given up, so that one reader's address fails no transaction.

    Raises: ValueError for headers that are not in ALLOWED_HEADERS.
    """
    mail = new_mail(to, subject, text, html, kind, headers=headers)
    if is_email_address(to):
        mail.due_at = due_at or now()
    else:
        mail.given_up_at = mail.failed_at = now()
        mail.last_error = _("This is not an address that mail can be written to.")
    db.session.add(mail)
    return mail


def new_mail(  # noqa: PLR0913
    to: str, subject: str, text: str, html: str, kind: str, *, headers: Mapping[str, str] | None = None
) -> Mail:
    """Create a mail without adding it to the outbox."""
    if wrong := set(headers or {}) - ALLOWED_HEADERS:
        raise ValueError(f"a mail has no headers {wrong} of its own")
    settings: Settings = current_app.config["SETTINGS"]
    host = urlsplit(settings.blog_url).hostname or "localhost"
    return Mail(
        recipient=one_line(to)[:MAX_ADDRESS_BYTES],
        subject=one_line(subject)[:MAX_SUBJECT_LENGTH],
        text=text,
        html=html,
        kind=kind,
        headers=json.dumps({name: one_line(value) for name, value in (headers or {}).items()}),
        message_id=f"<{secrets.token_hex(16)}@{host}>",
        created_at=now(),
        tries=0,
    )


def wake_sender() -> None:
    """Wake the job that sends mail. Other processes poll every few seconds."""
    mail_waiting.set()


def delete_unsent(mails: Collection[int]) -> list[int]:
    """Delete mails that are neither sent nor being sent; return their ids."""
    at = now()
    waiting = select(Mail.id).where(Mail.id.in_(mails), Mail.due_at.is_not(None), Mail.is_unleased(at))
    taken = list(db.session.scalars(waiting))
    db.session.execute(delete(Mail).where(Mail.id.in_(taken)))
    return taken
