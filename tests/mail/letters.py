"""Create and read mail in tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from blog.db import db, writing
from blog.mail.models import Mail
from blog.mail.outbox import put_mail


def create_mail(to: str = "ann@example.org", subject: str = "Somebody answered", **more: Any) -> Mail:
    """Write one mail and commit it."""
    with writing():
        return put_mail(to, subject, "Hello.\n", "<p>Hello.</p>", "answer", **more)


def mails() -> list[Mail]:
    """Return all mails, read anew."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def only_mail() -> Mail:
    (mail,) = mails()
    return mail
