"""Record which held comments editors are still to be mailed about."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.comments.models.comment import Comment
from blog.db import Record


class PendingAlert(Record):
    """Represent one hold by a rule.

    Editors are alerted by mail. Alerts go out in the order of ids. An id is never used again.
    """

    __tablename__ = "holds"
    __table_args__ = ({"sqlite_autoincrement": True},)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))

    comment: Mapped[Comment] = relationship()
