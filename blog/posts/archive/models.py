"""Store how many visible posts each month and author has."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Base


class Author(Base):
    """Represent an author of visible posts."""

    __tablename__ = "authors"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    post_count: Mapped[int] = mapped_column(index=True)


class ArchiveMonth(Base):
    """Represent a month with visible posts, in the site's time zone."""

    __tablename__ = "archive_months"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    post_count: Mapped[int]
