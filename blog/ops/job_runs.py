"""Store the last runs of background jobs, and describe them for the desk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, select

from blog.db import db, now, writing
from blog.db_errors import is_disk_full, is_temporary
from blog.mail.smtp import NotSent
from blog.ops.models import JobRun
from blog.stored_messages import Sentences, dump_messages, message, translate_messages

SENTENCES: Sentences = {
    "disk_full": lambda error: _("The disk is full (%(error)s).", error=error),
    "database": lambda error: _("The database could not be used (%(error)s).", error=error),
    "mail_server": lambda error: _("The mail server accepts no mail (%(error)s).", error=error),
    "unexpected": lambda error: _("An unexpected error (%(error)s): see the log of the server.", error=error),
}


@dataclass(frozen=True)
class Run:
    """Describe the last run and the last error of a job in one process."""

    name: str
    seconds: float
    started_at: datetime
    ended_at: datetime | None = None
    error: str = ""
    error_at: datetime | None = None

    @property
    def outcome(self) -> str:
        """Return the error of the last run that ended, "" for none."""
        return self.error if self.ended_at == self.error_at else ""


@dataclass(frozen=True)
class JobStatus:
    """Describe one job for the desk."""

    label: str
    purpose: str
    run: JobRun
    error: str


def describe_error(error: BaseException) -> str:
    """Return an error as a message for a column, without values or traceback."""
    code = "unexpected"
    if is_disk_full(error):
        code = "disk_full"
    elif is_temporary(error):
        code = "database"
    elif isinstance(error, NotSent):
        code = "mail_server"
    return dump_messages([message(code, error=type(error).__name__)])


def save_runs(runs: Collection[Run], names: Collection[str]) -> None:
    """Store runs, and delete those of jobs that are not in `names`."""
    with writing(affects="nothing"):
        stored = {row.name: row for row in db.session.scalars(select(JobRun))}
        for run in runs:
            _store(stored.get(run.name) or JobRun(name=run.name), run)
        db.session.execute(delete(JobRun).where(JobRun.name.not_in(names)))


def _store(row: JobRun, run: Run) -> None:
    row.seconds, row.last_started_at, row.last_ended_at = round(run.seconds), run.started_at, run.ended_at
    row.updated_at = now()
    # another process may have met a newer error
    if run.error_at and (row.last_error_at is None or run.error_at > row.last_error_at):
        row.last_error, row.last_error_at = run.error, run.error_at
    db.session.add(row)


def list_jobs() -> list[JobStatus]:
    """List the jobs that ran, with what each does."""
    runs = {run.name: run for run in db.session.scalars(select(JobRun))}
    return [
        JobStatus(label, purpose, run, translate_messages(run.last_error, SENTENCES))
        for name, (label, purpose) in job_words().items()
        if (run := runs.get(name))
    ]


def job_words() -> dict[str, tuple[str, str]]:
    """Return the label and the purpose of each job."""
    return {
        "changes": (_("Live updates"), _("Finds what other processes of the server changed.")),
        "heartbeats": (_("Heartbeats"), _("Keeps the connections of open pages alive.")),
        "alerts": (_("Alerts"), _("Writes mail to editors about responses that wait for approval.")),
        "confirmations": (_("Subscriptions"), _("Asks new subscribers by mail to confirm their address.")),
        "digests": (_("Notifications"), _("Writes mail to subscribers about new responses.")),
        "mail": (_("Mail"), _("Sends the mail that waits.")),
        "imports": (_("Imports"), _("Continues interrupted imports.")),
        "related": (_("Related posts"), _("Finds related posts of what was published or changed.")),
        "cards": (_("Card pictures"), _("Draws the pictures that other sites show of posts without a photo.")),
        "retention": (_("Retention"), _("Deletes data that has reached its age limit.")),
        "disk_reserve": (_("Disk reserve"), _("Reserves space, so that editors can delete on a full disk.")),
        "websub": (_("Hub"), _("Tells the hub of the feeds that they changed.")),
        "schema": (_("Tables"), _("Creates the tables of a database that was emptied or replaced.")),
        "job_runs": (_("Job list"), _("Saves what this page shows.")),
    }
