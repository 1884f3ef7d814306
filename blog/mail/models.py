"""Define the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Index, String, Text, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record

DUE = text("due_at IS NOT NULL")
# a time further ahead was written while the clock was wrong
MAX_CLOCK_ERROR = timedelta(days=1)


class Delivery:
    """Hold the columns of what a background job sends, and tries again.

    `due_at` is the time of the next attempt, or None once it is sent or given up. The process that sends it holds
    `leased_until`; after a crash the lease runs out and another process sends it again. `last_error` says why the last
    attempt failed.
    """

    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    @classmethod
    def is_due(cls, at: datetime) -> ColumnElement[bool]:
        """Match what can be sent now."""
        return or_(cls.due_at <= at, cls.due_at > at + MAX_CLOCK_ERROR) & cls.is_unleased(at)

    @classmethod
    def is_unleased(cls, at: datetime) -> ColumnElement[bool]:
        """Match what no process is sending."""
        return or_(cls.leased_until.is_(None), cls.leased_until < at, cls.leased_until > at + MAX_CLOCK_ERROR)


class Mail(Delivery, Record):
    """Represent one mail to one address.

    It is sent again under the same `message_id`. `headers` is a JSON object.
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
