"""Store mail subscriptions, pending notifications and suppressed addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.comments.models.comment import Comment
from blog.db import Record, now
from blog.posts.models import Post

IS_UNSENT = text("mailed_at IS NULL")
AWAITS_COMMENT = text("awaits_id IS NOT NULL")


class Follow(Record):
    """Represent one subscription by mail.

    It is to all comments of a post, or to the replies to `comment_id`.
    `email_key` is the keyed hash of the address, used in links. `reader_key` is the browser that subscribed.
    Nothing is sent before the address is confirmed at `confirmed_at`; `same_browser` says that the subscribing browser
    confirmed it. `awaits_id` is the comment that must be visible before the mail with the confirmation link is
    written, None afterwards. `asked_at` is the time of that mail. `address_key` is the network address of the request,
    cleared on confirmation.
    """

    __tablename__ = "follows"
    __table_args__ = (
        Index("ix_follows_post", "post_id", "comment_id"),
        Index("ix_follows_email", "email_key", "post_id"),
        Index("ix_follows_address", "address_key", "asked_at"),
        Index("ix_follows_awaits", "awaits_id", sqlite_where=AWAITS_COMMENT, postgresql_where=AWAITS_COMMENT),
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
        """Request a confirmation mail as soon as this comment is visible."""
        self.awaits_id, self.asked_at, self.address_key = comment.id, now(), address_key

    def confirm(self, reader_key: str | None) -> None:
        """Confirm the address, from the browser of this key."""
        self.confirmed_at, self.awaits_id = self.confirmed_at or now(), None
        self.same_browser = self.same_browser or (reader_key is not None and reader_key == self.reader_key)
        self.address_key = None


class Notice(Record):
    """Represent one notification of a follower about a comment.

    It is queued when the comment becomes visible. `mail_id` is the mail that contains it, None until then.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("follow_id", "comment_id"),
        Index("ix_notices_untold", "created_at", "id", sqlite_where=IS_UNSENT, postgresql_where=IS_UNSENT),
        Index("ix_notices_created_at", "created_at"),
    )

    follow_id: Mapped[int] = mapped_column(ForeignKey("follows.id", ondelete="CASCADE"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    mailed_at: Mapped[datetime | None]

    follow: Mapped[Follow] = relationship()
    comment: Mapped[Comment] = relationship()


class Suppression(Record):
    """Represent one suppressed address, which gets no mail, by its keyed hash."""

    __tablename__ = "silenced"

    email_key: Mapped[str] = mapped_column(String(64), unique=True)
