"""Alerts: what editors are mailed about."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.comments.models.comment import Comment
from blog.db import Record


class Hold(Record):
    """That a comment came to wait by a rule, which editors are told of by mail: they are told in the order of the ids,
    none of which comes twice.
    """

    __tablename__ = "holds"
    __table_args__ = ({"sqlite_autoincrement": True},)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))

    comment: Mapped[Comment] = relationship()
