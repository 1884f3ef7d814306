"""Store how many visible posts each month and author has, and which posts are related."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
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


class RelatedPost(Base):
    """Represent that one post is related to another; each pair is stored in both directions."""

    __tablename__ = "related_posts"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    related_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True)
    score: Mapped[int]
