"""Store the imports that editors started at the desk."""

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
    """Represent one uploaded export and the state of its import.

    The process that runs it holds a lease and saves its progress. An expired lease means an interruption. Any process
    may then start it again, since no entry is imported twice. `report` holds stored messages (`blog.stored_messages`).
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
