"""Proving an e-mail address: by a link that goes there, and is good for a day. That it stands here, nobody else learns:
a mail goes to any address, and says whether anything was written under it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.folding import ascii_lower, spellings
from blog.mail.models import Mail
from blog.mail.outbox import hint_mail, put_mail
from blog.mail.rendering import render_mail
from blog.signing import said, signed

PRIVACY = "privacy"
GOOD_FOR = timedelta(days=1)

# so that nobody fills another's letter box
PAUSE = timedelta(minutes=10)
MOST_A_DAY = 5


def proven(token: str) -> str | None:
    """The address that a link proves; None where the link is not ours, or is too old."""
    email = said(PRIVACY, token, int(GOOD_FOR.total_seconds()))
    return email if isinstance(email, str) else None


def send_link(email: str, paced: bool = True) -> None:
    """Have a link sent to this address, unless one was lately. `paced` asks for pauses between two to one address."""
    found = db.session.scalars(select(Comment.id).where(Comment.written_under(email)).limit(1)).first() is not None
    letter = render_mail("privacy", email=email, token=signed(PRIVACY, email), found=found)
    with writing():
        if not paced or _may_have_one(email, now()):
            put_mail(email, *letter, PRIVACY)
    hint_mail()


def _may_have_one(email: str, at: datetime) -> bool:
    # not later than now: a clock that was set back must keep nobody out
    lately = Mail.created_at.between(at - GOOD_FOR, at), Mail.kind == PRIVACY
    to_it = ascii_lower(Mail.recipient).in_(spellings(email.strip()))
    times = list(db.session.scalars(select(Mail.created_at).where(*lately, to_it)))
    return len(times) < MOST_A_DAY and all(time <= at - PAUSE for time in times)
