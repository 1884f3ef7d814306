"""Verify an e-mail address by a link that is mailed to it.

Mail goes only to addresses of stored comments, so nobody can have strangers mailed. The response and its timing are
the same for all addresses.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from blog.comments.followers.unsubscribe_links import canonical_email
from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.mail.models import Mail
from blog.mail.outbox import hint_mail
from blog.mail.quota import PRIVACY, even_time, put_link
from blog.mail.rendering import render_mail
from blog.web.signed_tokens import said, signed

LINK_LIFETIME = timedelta(days=1)

# between two mails to one address, so that nobody can flood it
LINK_INTERVAL = timedelta(minutes=10)


def verified_email(token: str) -> str | None:
    """Return the address that a token verifies; None if invalid or expired."""
    email = said(PRIVACY, token, int(LINK_LIFETIME.total_seconds()))
    return email if isinstance(email, str) else None


def send_link(email: str, paced: bool = True) -> None:
    """Mail a link to this address if it has comments here.

    With `paced`, the limits of mail and LINK_INTERVAL apply.
    """
    address = canonical_email(email)
    content = render_mail("privacy", email=email, token=signed(PRIVACY, email))
    with even_time(), writing():
        found = db.session.scalars(select(Comment.id).where(Comment.has_email(email)).limit(1)).first() is not None
        recent = paced and _was_sent_recently(address, now())
        put_link(address, content, PRIVACY, wanted=found and not recent, paced=paced)
    hint_mail()


def _was_sent_recently(address: str, at: datetime) -> bool:
    # the upper bound keeps mail from the future, after a clock was set back, from blocking the address
    recent = Mail.created_at.between(at - LINK_INTERVAL, at), Mail.kind == PRIVACY, Mail.recipient == address
    return db.session.scalars(select(Mail.id).where(*recent).limit(1)).first() is not None
