"""Define the table of background jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record, now

# covers a pause after an exception, and runs that are stored once a minute
MAX_DELAY = timedelta(minutes=5)


class JobRun(Record):
    """Represent the last run and the last error of a job, in whichever process.

    `seconds` is the pause between two runs; a job with 0 runs until the server stops, and `updated_at` is its last sign
    of life. `last_error` holds a message of job_runs.py, which a good run does not delete.
    """

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    seconds: Mapped[int]
    last_started_at: Mapped[datetime]
    last_ended_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="")
    last_error_at: Mapped[datetime | None]

    @property
    def has_failed(self) -> bool:
        """Return whether the last run that ended did so with an error.

        A job that never ends has recovered as soon as it started again.
        """
        ended = self.last_ended_at
        has_recovered = not self.seconds and ended is not None and self.last_started_at > ended
        return ended is not None and ended == self.last_error_at and not has_recovered

    @property
    def is_overdue(self) -> bool:
        last = self.last_started_at if self.seconds else self.updated_at
        return now() - last > timedelta(seconds=2 * self.seconds) + MAX_DELAY
