"""Editors and the sessions that they are signed in by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.db import Record, db

OWNER = "owner"
EDITOR = "editor"
ROLES = (OWNER, EDITOR)

# how an editor is told by mail of what waits
AT_ONCE, HOURLY, DAILY, NEVER = "at_once", "hourly", "daily", "never"


class Editor(Record):
    """An account. The e-mail address is kept in lower case and never leaves the desk.

    `held_mail` is how the editor is told of what waits; `held_told_id` up to which hold that was done, `held_told_at`
    when it was last.
    """

    __tablename__ = "editors"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(10), default=EDITOR)
    password_hash: Mapped[str] = mapped_column(String(300))
    held_mail: Mapped[str] = mapped_column(String(10), default=NEVER)
    held_told_id: Mapped[int] = mapped_column(default=0)
    held_told_at: Mapped[datetime | None]


class EditorSession(Record):
    """One browser that an editor is signed in by; only the hash of its random id is kept."""

    __tablename__ = "editor_sessions"

    editor_id: Mapped[int] = mapped_column(ForeignKey("editors.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]

    editor: Mapped[Editor] = relationship(lazy="joined")


class SignInFailure(Record):
    """A sign-in that failed, by keyed hashes of the account's address and of the network address."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_whence", "address_key", "created_at"),)

    account_key: Mapped[str] = mapped_column(String(64))
    address_key: Mapped[str] = mapped_column(String(64))


class AuditEntry(Record):
    """Who did what to which comment, when and why. `before` and `after` are what undoing needs, as the act that wrote
    it reads them; entries that were one action of an editor's share `together`.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_comment", "comment_id", "id"),)

    editor_id: Mapped[int | None]
    editor_name: Mapped[str] = mapped_column(String(80), default="")
    verb: Mapped[str] = mapped_column(String(20))
    comment_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(300), default="")
    before: Mapped[str] = mapped_column(Text, default="")
    after: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    together: Mapped[str | None] = mapped_column(String(32), index=True)
    undone_at: Mapped[datetime | None]


def owner_stands() -> bool:
    return bool(db.session.scalar(select(func.count(Editor.id)).where(Editor.role == OWNER)))


def editor_of(email: str) -> Editor | None:
    return db.session.scalars(select(Editor).where(Editor.email == email.strip().lower())).one_or_none()
