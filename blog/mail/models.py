"""The outbox: what was written and is to be sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Index, String, Text, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record

DUE = text("due_at IS NOT NULL")
# nothing waits or is held for so long: it was written while the clock was ahead
BEYOND = timedelta(days=1)


class Mail(Record):
    """One letter to one address, written in the transaction of the act that it tells of.

    `due_at` is when it may be tried next, none once it was sent or given up. Whoever sends it holds it by
    `leased_until`; a lease that ran out means that the sending was interrupted, and anybody may begin it again, under
    the same `message_id`. `headers` is an object of JSON, `last_error` a sentence about the last try that failed.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_due", "due_at", "id", sqlite_where=DUE, postgresql_where=DUE),
        Index("ix_mails_sent_at", "sent_at"),
        Index("ix_mails_recipient", "recipient", "created_at"),
        Index("ix_mails_kind", "kind", "created_at"),
    )

    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    headers: Mapped[str] = mapped_column(Text, default="{}")
    kind: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str] = mapped_column(String(300), unique=True)

    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    @classmethod
    def free(cls, at: datetime) -> ColumnElement[bool]:
        """Due, and in nobody's hands."""
        return or_(cls.due_at <= at, cls.due_at > at + BEYOND) & cls.in_no_hands(at)

    @classmethod
    def in_no_hands(cls, at: datetime) -> ColumnElement[bool]:
        """Nobody is just sending it."""
        return or_(cls.leased_until.is_(None), cls.leased_until < at, cls.leased_until > at + BEYOND)
