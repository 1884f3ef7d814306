"""Bans: whose comments wait for an editor."""

from __future__ import annotations

from sqlalchemy import (
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record

# what a ban is of
READER = "reader"


ADDRESS = "address"


EMAIL = "email"


DOMAIN = "domain"


class Ban(Record):
    """Whose responses wait for an editor: a reader's key, an address's, an e-mail address or a website's domain.
    `name` is what the desk calls it.
    """

    __tablename__ = "bans"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    editor_name: Mapped[str] = mapped_column(String(80), default="")
