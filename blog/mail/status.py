"""Describe the state of the outbox for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.quota import DAY, is_quota_used_up

MAX_GIVEN_UP = 50
TEST = "test"
# the page polls for the result of a test mail this long
TEST_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True)
class OutboxStatus:
    """Describe what waits, what failed and what was given up.

    `quota_used_up` says that mail waits for the quota only; `last_test` is this editor's last test mail.
    """

    waiting: int
    quota_used_up: bool
    sent_today: int
    last_sent: Mail | None
    last_failed: Mail | None
    given_up: list[Mail]
    last_test: Mail | None

    @property
    def is_test_pending(self) -> bool:
        test = self.last_test
        return bool(test and test.due_at and not test.failed_at and test.created_at > now() - TEST_TIMEOUT)


def outbox_status(address: str) -> OutboxStatus:
    """Return the state of the outbox for the editor with this address."""
    given_up = select(Mail).where(Mail.given_up_at.is_not(None)).order_by(Mail.given_up_at.desc(), Mail.id.desc())
    last_test = select(Mail).where(Mail.kind == TEST, Mail.recipient == address).order_by(Mail.id.desc()).limit(1)
    sent = select(Mail).where(Mail.sent_at.is_not(None)).order_by(Mail.sent_at.desc(), Mail.id.desc()).limit(1)
    failed = select(Mail).where(Mail.failed_at.is_not(None)).order_by(Mail.failed_at.desc(), Mail.id.desc()).limit(1)
    return OutboxStatus(
        waiting=db.session.scalar(select(func.count(Mail.id)).where(Mail.due_at.is_not(None))) or 0,
        quota_used_up=is_quota_used_up(current_app.config["SETTINGS"], now()),
        sent_today=db.session.scalar(select(func.count(Mail.id)).where(Mail.sent_at > now() - DAY)) or 0,
        last_sent=db.session.scalars(sent).first(),
        last_failed=db.session.scalars(failed).first(),
        given_up=list(db.session.scalars(given_up.limit(MAX_GIVEN_UP))),
        last_test=db.session.scalars(last_test).first(),
    )
