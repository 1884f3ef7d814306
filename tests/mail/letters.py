"""Mail for tests, and what became of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from blog.db import db, writing
from blog.mail.models import Mail
from blog.mail.outbox import put_mail


def a_mail(to: str = "ann@example.org", subject: str = "Somebody answered", **more: Any) -> Mail:
    """Written in an act of its own."""
    with writing():
        return put_mail(to, subject, "Hello.\n", "<p>Hello.</p>", "answer", **more)


def mails() -> list[Mail]:
    """All that there are, as they stand now."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def the_mail() -> Mail:
    (mail,) = mails()
    return mail
