"""Define the table of stored pictures."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record


class Picture(Record):
    """Represent one stored picture, identified by the digest of the uploaded file.

    Its files are in the instance's media folder. `width` and `height` are those of the larger size, in pixels.
    """

    __tablename__ = "pictures"

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    extension: Mapped[str] = mapped_column(String(5))
    width: Mapped[int]
    height: Mapped[int]
