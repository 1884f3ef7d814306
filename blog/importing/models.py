"""Imports that editors asked for at the desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record

WAITING = "waiting"
RUNNING = "running"
DONE = "done"
REFUSED = "refused"
BROKEN = "broken"


class Import(Record):
    """One uploaded export. Whoever works on it holds it by a lease and says how far it is; a lease that ran out
    means that the work was interrupted, and since nothing comes in twice, anybody may begin it again.
    """

    __tablename__ = "imports"

    name: Mapped[str] = mapped_column(String(200))
    blog_url: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    leased_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[str] = mapped_column(Text, default="")

    @property
    def ended(self) -> bool:
        return self.state in {DONE, REFUSED, BROKEN}

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0
