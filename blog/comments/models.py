"""Comments: never deleted as rows, and no id comes twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.db import Record, db, now
from blog.posts.models import Post

VISIBLE = "visible"
HELD = "held"
SPAM = "spam"
REMOVED = "removed"

# a reply deeper than this stands flat under its last step
STEPS = 4


class Comment(Record):
    """One response. `branch_id` is the comment in whose list of replies it stands (none at the top);
    it differs from `parent_id`, the comment it answers, only below the last step.

    `version` is the post's thread version at the last change; `body` what was typed, `body_html` what is shown.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_thread", "post_id", "version"),
        Index("ix_comments_address", "address_key", "created_at"),
        Index("ix_comments_reader", "reader_key", "created_at"),
        {"sqlite_autoincrement": True},
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    depth: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)

    status: Mapped[str] = mapped_column(String(8), default=VISIBLE)
    status_at: Mapped[datetime] = mapped_column(default=now)
    status_reason: Mapped[str] = mapped_column(String(500), default="")

    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)

    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    address_key: Mapped[str | None] = mapped_column(String(64))
    reader_key: Mapped[str | None] = mapped_column(String(64))
    import_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    anchor: Mapped[str | None] = mapped_column(String(40))

    post: Mapped[Post] = relationship()
    parent: Mapped[Comment | None] = relationship(foreign_keys=[parent_id], remote_side="Comment.id")

    @property
    def visible(self) -> bool:
        return self.status == VISIBLE

    @property
    def position(self) -> int:
        """Where it stands among its neighbours, who go by their ids where it is the same: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)

    def stand_under(self, parent: Comment | None) -> None:
        """Take a place in the thread as a reply to `parent`, or at its top."""
        self.parent_id = parent.id if parent else None
        self.depth = parent.depth + 1 if parent else 0
        self.branch_id = (parent.id if parent.depth < STEPS else parent.branch_id) if parent else None

    def hold(self, reason: str) -> None:
        self._become(HELD, reason)

    def approve(self) -> None:
        self._become(VISIBLE, "")

    def remove(self, reason: str) -> None:
        self._become(REMOVED, reason)

    def _become(self, status: str, reason: str) -> None:
        self.status, self.status_at, self.status_reason = status, now(), reason

    @classmethod
    def visible_on(cls, post: Post) -> Select[Comment]:
        return select(cls).where(cls.post_id == post.id, cls.status == VISIBLE)


def count_visible(post_id: int) -> int:
    counted = select(func.count()).where(Comment.post_id == post_id, Comment.status == VISIBLE)
    return db.session.execute(counted).scalar_one()
