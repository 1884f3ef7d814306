"""Verify an e-mail address by a link that is mailed to it.

Mail goes only to addresses of stored comments, so nobody can have strangers mailed. The response and its timing are
the same for all addresses.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from blog.comments.followers.unsubscribe_links import canonical_email
from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.mail.models import Mail
from blog.mail.outbox import wake_sender
from blog.mail.quota import PRIVACY, constant_time, put_link
from blog.mail.rendering import render_mail
from blog.row_limits import is_limit_reached
from blog.web.signed_tokens import read_token, sign_token

LINK_LIFETIME = timedelta(days=1)

# of mails to one address, so that nobody can flood it
LINK_LIMIT = 1, timedelta(minutes=10)


def verified_email(token: str) -> str | None:
    """Return the address that a token verifies; None if invalid or expired."""
    email = read_token(PRIVACY, token, int(LINK_LIFETIME.total_seconds()))
    return email if isinstance(email, str) else None


def send_link(email: str, throttled: bool = True) -> None:
    """Mail a link to this address if it has comments here.

    With `throttled`, the limits of mail and LINK_LIMIT apply.
    """
    address = canonical_email(email)
    content = render_mail("privacy", email=email, token=sign_token(PRIVACY, email))
    with constant_time(), writing(affects="nothing"):
        found = db.session.scalars(select(Comment.id).where(Comment.has_email(email)).limit(1)).first() is not None
        same = Mail.kind == PRIVACY, Mail.recipient == address
        recent = throttled and is_limit_reached(Mail.created_at, [LINK_LIMIT], now(), *same)
        put_link(address, content, PRIVACY, deliver=found and not recent, throttled=throttled)
    wake_sender()
