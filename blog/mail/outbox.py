"""Writing mail: in the transaction of the act that it tells of, so that neither comes without the other.

subject, text, html = render_mail("answer", comment=comment)      # slow, so before
with writing():
    …
    put_mail(reader.email, subject, text, html, "answer", headers={"List-Unsubscribe": …})
hint_mail()                                                       # in announce(): may be lost
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

HEADERS = {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Reply-To"}
LONGEST_SUBJECT = 250

# whoever sends in this process waits for this
waits = threading.Event()


def mail_set_up() -> bool:
    """Whether this site sends mail; where it does not, nobody writes any."""
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
    """Have a mail sent once this act is committed, not before `due_at`; call it within `writing()`.

    `due_at` is a day away at most, `kind` a word for the desk (20 characters); `headers` may have those in HEADERS,
    else ValueError. To what is no address it is kept as given up, so that no act fails because of one reader's address.
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
    """The mail itself, which stands in no outbox."""
    if wrong := set(headers or {}) - HEADERS:
        raise ValueError(f"a mail has no headers {wrong} of its own")
    settings: Settings = current_app.config["SETTINGS"]
    host = urlsplit(settings.blog_url).hostname or "localhost"
    return Mail(
        recipient=one_line(to)[:MAX_ADDRESS_BYTES],
        subject=one_line(subject)[:LONGEST_SUBJECT],
        text=text,
        html=html,
        kind=kind,
        headers=json.dumps({name: one_line(value) for name, value in (headers or {}).items()}),
        message_id=f"<{secrets.token_hex(16)}@{host}>",
        created_at=now(),
        tries=0,
    )


def hint_mail() -> None:
    """Say, after the act, that mail waits. A hint only: whoever sends looks by themselves every few seconds."""
    waits.set()


def take_back(mails: Collection[int]) -> list[int]:
    """Inside an act: of these mails, delete those that nobody has sent yet nor is just sending; their ids."""
    at = now()
    waiting = select(Mail.id).where(Mail.id.in_(mails), Mail.due_at.is_not(None), Mail.in_no_hands(at))
    taken = list(db.session.scalars(waiting))
    db.session.execute(delete(Mail).where(Mail.id.in_(taken)))
    return taken
