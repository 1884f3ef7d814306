"""Store editors, their sessions and links, sign-in failures and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.db import Record, db
from blog.stored_messages import MESSAGES

OWNER = "owner"
EDITOR = "editor"
ROLES = (OWNER, EDITOR)

# when an editor gets mail about held comments
IMMEDIATE, HOURLY, DAILY, NEVER = "at_once", "hourly", "daily", "never"


class Editor(Record):
    """Represent an account. The e-mail address is lower case and never public.

    `held_mail` says when mail about held comments is sent; the last one covered holds up to `last_alerted_hold_id`, at
    `last_alerted_at`. `generation` is signed into links in mail and device cookies: raising it revokes them. Removed
    accounts stay as rows, since comments and the audit log refer to them. `password_hash` is "" until one is set.
    """

    __tablename__ = "editors"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(10), default=EDITOR)
    password_hash: Mapped[str] = mapped_column(String(300))
    held_mail: Mapped[str] = mapped_column(String(10), default=NEVER)
    last_alerted_hold_id: Mapped[int] = mapped_column(default=0)
    last_alerted_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None]


class EditorSession(Record):
    """Represent one signed-in browser; `key` is the hash of its random id."""

    __tablename__ = "editor_sessions"

    editor_id: Mapped[int] = mapped_column(ForeignKey("editors.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]

    editor: Mapped[Editor] = relationship(lazy="joined")


class AccountLink(Record):
    """Represent a one-time link; `key` is the hash of its token.

    First-run links have no editor.
    """

    __tablename__ = "account_links"

    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editors.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]

    editor: Mapped[Editor | None] = relationship(lazy="joined")


class SignInFailure(Record):
    """Represent a wrong password, or a sign-in that is being checked.

    The columns are keyed hashes of the e-mail address, the network address, and the device cookie if it was valid.
    """

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_whence", "address_key", "created_at"),
        Index("ix_sign_in_failures_account", "account_key", "created_at"),
        Index("ix_sign_in_failures_created_at", "created_at"),
    )

    account_key: Mapped[str] = mapped_column(String(64))
    address_key: Mapped[str] = mapped_column(String(64))
    device_key: Mapped[str | None] = mapped_column(String(64))


class AuditEntry(Record):
    """Represent one decision in the audit log.

    `before` and `after` are what undoing needs, in the format of the verb. `reason` and the subject of bans are stored
    messages (`blog.stored_messages`). Entries of one action share `action_id`.
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
    # PostgreSQL enforces lengths, and the JSON of messages is longer than their words
    reason: Mapped[str] = mapped_column(MESSAGES, default="")
    action_id: Mapped[str | None] = mapped_column(String(32), index=True)
    undone_at: Mapped[datetime | None]


def has_owner() -> bool:
    return owner_count() > 0


def owner_count() -> int:
    owners = select(func.count(Editor.id)).where(Editor.role == OWNER, Editor.removed_at.is_(None))
    return db.session.scalar(owners) or 0


def editor_by_email(email: str) -> Editor | None:
    query = select(Editor).where(Editor.email == email.strip().lower(), Editor.removed_at.is_(None))
    return db.session.scalars(query).one_or_none()


def all_editors() -> list[Editor]:
    """Return all accounts that are not removed, oldest first."""
    return list(db.session.scalars(select(Editor).where(Editor.removed_at.is_(None)).order_by(Editor.id)))
