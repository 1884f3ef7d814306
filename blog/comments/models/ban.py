"""Store bans: comments of a banned writer are held for approval."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record

# the kinds of a ban
READER = "reader"
ADDRESS = "address"
EMAIL = "email"
DOMAIN = "domain"


class Ban(Record):
    """Represent one ban.

    `value` is the key of a reader, the key of a network address, an e-mail address or the domain of a website.
    `name` is its label at the desk: an address, a domain or a stored message (`blog.stored_messages`).
    """

    __tablename__ = "bans"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    editor_name: Mapped[str] = mapped_column(String(80), default="")
