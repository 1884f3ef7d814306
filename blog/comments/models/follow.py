"""What mail is about: who follows what, what they are to be told, whom nobody writes to, what waits for editors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.comments.models.comment import Comment
from blog.db import Record, now
from blog.posts.models import Post

UNSENT = text("mailed_at IS NULL")
AWAITS = text("awaits_id IS NOT NULL")


class Follow(Record):
    """One address that is told by mail of responses under a post: of all, or of answers to `comment_id`.

    `email_key` is the address's keyed hash, which links in mail go by; `reader_key` is whose browser asked for it.
    Nothing is sent before the address was proven at `confirmed_at`; `same_browser` says that it was by the one that
    had asked. `asked_at` is when a mail asked for that, `address_key` whence it was wanted, dropped with the proof.
    `awaits_id` is the comment that must be visible before that mail is written; none once it was.
    """

    __tablename__ = "follows"
    __table_args__ = (
        Index("ix_follows_post", "post_id", "comment_id"),
        Index("ix_follows_email", "email_key", "post_id"),
        Index("ix_follows_address", "address_key", "asked_at"),
        Index("ix_follows_awaits", "awaits_id", sqlite_where=AWAITS, postgresql_where=AWAITS),
    )

    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(64))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    reader_key: Mapped[str | None] = mapped_column(String(64))
    address_key: Mapped[str | None] = mapped_column(String(64))
    awaits_id: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    same_browser: Mapped[bool] = mapped_column(default=False)
    link_sent_at: Mapped[datetime | None]

    post: Mapped[Post] = relationship()
    comment: Mapped[Comment | None] = relationship()

    def await_visible(self, comment: Comment, address_key: str) -> None:
        """Have the address asked to confirm once this comment is visible."""
        self.awaits_id, self.asked_at, self.address_key = comment.id, now(), address_key

    def confirm(self, reader_key: str | None) -> None:
        """Proven, by the browser of this key; a second time changes nothing but whose browser that was."""
        self.confirmed_at, self.awaits_id = self.confirmed_at or now(), None
        self.same_browser = self.same_browser or (reader_key is not None and reader_key == self.reader_key)
        self.address_key = None


class Notice(Record):
    """That a follow is to be told of a comment, written when that became visible; `mail_id` is what told of it."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("follow_id", "comment_id"),
        Index("ix_notices_untold", "created_at", "id", sqlite_where=UNSENT, postgresql_where=UNSENT),
        Index("ix_notices_created_at", "created_at"),
    )

    follow_id: Mapped[int] = mapped_column(ForeignKey("follows.id", ondelete="CASCADE"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    mailed_at: Mapped[datetime | None]

    follow: Mapped[Follow] = relationship()
    comment: Mapped[Comment] = relationship()


class Suppression(Record):
    """An address that nobody here writes to again, by its keyed hash alone."""

    __tablename__ = "silenced"

    email_key: Mapped[str] = mapped_column(String(64), unique=True)
