"""What readers do to the comments of others: they agree, or report."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    exists,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from blog.comments.models.comment import Comment
from blog.db import Record


class Agreement(Record):
    """That a reader agrees with a comment, by which the thread came to `version` (0: by an earlier release): one a
    reader, and one a network address for as long as that is kept.
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
    """That a reader thinks a comment should not stand, and why, if that was said; one as an agreement is one."""

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
    """Of a comment: there are reports that came after the last decision on it."""
    few = Comment.id.in_(select(Report.comment_id))
    return few & exists().where(Report.comment_id == Comment.id, Report.created_at > Comment.status_at)
