"""Proving an e-mail address: by a link that goes there, and is good for a day.

Mail goes only to addresses that comments are stored under, so that nobody has strangers written to. The answer to
whoever asks is the same, and takes as long, whether the address is stored here or not.
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

GOOD_FOR = timedelta(days=1)

# so that nobody fills another's letter box
PAUSE = timedelta(minutes=10)


def proven(token: str) -> str | None:
    """The address that a link proves; None where the link is not ours, or is too old."""
    email = said(PRIVACY, token, int(GOOD_FOR.total_seconds()))
    return email if isinstance(email, str) else None


def send_link(email: str, paced: bool = True) -> None:
    """Mail a link to this address if comments are stored under it and its limits allow.

    `paced` asks for the limits, and for a pause between two to one address.
    """
    address = canonical_email(email)
    letter = render_mail("privacy", email=email, token=signed(PRIVACY, email))
    with even_time(), writing():
        found = db.session.scalars(select(Comment.id).where(Comment.has_email(email)).limit(1)).first() is not None
        lately = paced and _sent_lately(address, now())
        put_link(address, letter, PRIVACY, wanted=found and not lately, paced=paced)
    hint_mail()


def _sent_lately(address: str, at: datetime) -> bool:
    # not later than now: a clock that was set back must keep nobody out
    lately = Mail.created_at.between(at - PAUSE, at), Mail.kind == PRIVACY, Mail.recipient == address
    return db.session.scalars(select(Mail.id).where(*lately).limit(1)).first() is not None
