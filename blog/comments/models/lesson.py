"""Store what the spam filter learned."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record


class Lesson(Record):
    """Represent what the filter learned from one decision.

    `step` is what the decision added to the weights of the text's `vector`, in 65536ths. A row with
    `undone_lesson_id` takes that lesson back and repeats its values. Rows never change, so a process that knows all
    up to one id reads only those after it.
    """

    __tablename__ = "lessons"
    __table_args__ = {"sqlite_autoincrement": True}

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    spam: Mapped[bool]
    step: Mapped[int]
    undone_lesson_id: Mapped[int | None]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
