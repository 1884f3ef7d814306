"""Lessons of the spam filter."""

from __future__ import annotations

from sqlalchemy import (
    ForeignKey,
    LargeBinary,
)
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record


class Lesson(Record):
    """What the filter learned from one decision: to this text (its `vector`) belongs `step`, in 65536ths; or, with
    `takes_back`, that the lesson of that number is taken back, whose values stand here again. Rows never change, so a
    process that knows all up to a number needs those after it only.
    """

    __tablename__ = "lessons"
    __table_args__ = {"sqlite_autoincrement": True}

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    spam: Mapped[bool]
    step: Mapped[int]
    takes_back: Mapped[int | None]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
