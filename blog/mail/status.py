"""How it stands with the outbox, for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.quota import DAY, quota_used_up

SHOWN = 50
TEST = "test"
# for how long a page waits to hear of a test mail
FRESH = timedelta(seconds=30)


@dataclass(frozen=True)
class Standing:
    """What waits, whether only because enough was sent for now, what went well or wrong last, and what was given up.

    `tested` is this editor's last test mail; `fresh` where it is just about to be tried.
    """

    waiting: int
    enough_sent: bool
    sent_today: int
    last_sent: Mail | None
    last_failed: Mail | None
    given_up: list[Mail]
    tested: Mail | None

    @property
    def fresh(self) -> bool:
        test = self.tested
        return bool(test and test.due_at and not test.failed_at and test.created_at > now() - FRESH)


def standing(address: str) -> Standing:
    """At this moment, for an editor who has this address."""
    given_up = select(Mail).where(Mail.given_up_at.is_not(None)).order_by(Mail.given_up_at.desc(), Mail.id.desc())
    tested = select(Mail).where(Mail.kind == TEST, Mail.recipient == address).order_by(Mail.id.desc()).limit(1)
    sent = select(Mail).where(Mail.sent_at.is_not(None)).order_by(Mail.sent_at.desc(), Mail.id.desc()).limit(1)
    failed = select(Mail).where(Mail.failed_at.is_not(None)).order_by(Mail.failed_at.desc(), Mail.id.desc()).limit(1)
    return Standing(
        waiting=db.session.scalar(select(func.count(Mail.id)).where(Mail.due_at.is_not(None))) or 0,
        enough_sent=quota_used_up(current_app.config["SETTINGS"], now()),
        sent_today=db.session.scalar(select(func.count(Mail.id)).where(Mail.sent_at > now() - DAY)) or 0,
        last_sent=db.session.scalars(sent).first(),
        last_failed=db.session.scalars(failed).first(),
        given_up=list(db.session.scalars(given_up.limit(SHOWN))),
        tested=db.session.scalars(tested).first(),
    )
