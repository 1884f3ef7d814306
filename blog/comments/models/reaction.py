"""Store reactions of readers to comments: agreements (votes) and reports."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from blog.comments.models.comment import Comment
from blog.db import Record


class Agreement(Record):
    """Represent one reader's agreement with a comment, a vote for it.

    One per reader, and one per network address while its key is stored. `version` is the thread version that it
    created, 0 if an earlier release wrote it.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        UniqueConstraint("comment_id", "reader_key"),
        UniqueConstraint("comment_id", "address_key"),
        Index("ix_agreements_address", "address_key", "created_at"),
    )

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    reader_key: Mapped[str] = mapped_column(String(64))
    address_key: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=0)


class Report(Record):
    """Represent one reader's report of a comment. Unique as agreements are."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("comment_id", "reader_key"),
        UniqueConstraint("comment_id", "address_key"),
        Index("ix_reports_address", "address_key", "created_at"),
    )

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    reader_key: Mapped[str] = mapped_column(String(64))
    address_key: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300), default="")


def is_reported() -> ColumnElement[bool]:
    """Return the condition that reports came after the last decision."""
    # few comments are reported: this part lets the database begin with those
    reported = Comment.id.in_(select(Report.comment_id))
    return reported & exists().where(Report.comment_id == Comment.id, Report.created_at > Comment.status_at)
