"""Run everything that runs beside requests: one table, a thread for each job.

No exception ends a job: it is logged and stored for /desk/jobs, and the job goes on after a pause. The threads are
daemons, so that a slow mail server does not delay the end of the process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flask import Flask, current_app

from blog.comments.followers.notifications import send_next_digest
from blog.comments.followers.subscriptions import confirmation_waiting, send_next_confirmation
from blog.comments.moderation.alerts import alert_editors
from blog.comments.privacy.retention import delete_expired_batch
from blog.comments.thread.tree import thread_page_cache
from blog.db import now
from blog.db_connections import schema_missing
from blog.db_errors import is_temporary
from blog.discovery.card_pictures import draw_cards
from blog.disk_reserve import fill_reserve
from blog.errors import WrongSetting
from blog.feeds.websub import send_next_ping
from blog.importing.job import resume_imports
from blog.live.change_listener import listen_for_changes
from blog.live.hub import Hub
from blog.mail.outbox import mail_waiting
from blog.mail.retention import forget_mails
from blog.mail.sending import send_next_mail
from blog.mail.smtp import NotSent
from blog.media.card_picture import cards_waiting
from blog.media.late_photos import delete_expired_photos
from blog.migrations import migrate
from blog.ops.job_runs import Run, describe_error, save_runs
from blog.posts.related import relate_posts, unrelated_waiting
from blog.settings import Settings
from blog.site.clock import check_clock
from blog.site.hub_pings import ping_waiting
from blog.site.models import ensure_site

log = logging.getLogger(__name__)

MAIL_SECONDS = 5.0
MINUTE, HOUR = 60.0, 3600.0
# pauses after an exception: the first, doubled by each further one, and the longest
RESTART_SECONDS, MAX_RESTART_SECONDS = 5.0, 60.0
# how long a stopping process waits for jobs in the middle of their work
STOP_SECONDS = 1.0
# grace period for a backup that is being restored
RESTORE_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """Describe one job.

    `run` does one round in the app's context; a true result means that there is more to do, and the next round follows
    at once. Else the job pauses for `seconds`, or until `wake` is set. The first round begins after `delay` seconds, or
    when `wake` is set. Without `seconds`, `run` is a coroutine function that never returns and runs in the event loop.
    """

    name: str
    run: Callable[[], Any]
    seconds: float = 0.0
    wake: threading.Event = field(default_factory=threading.Event)
    delay: float = 0.0


def job_table(settings: Settings, hub: Hub) -> list[Job]:
    """List all jobs of a process. /desk/jobs says what each does."""
    jobs = [
        Job("changes", partial(listen_for_changes, hub, settings.database)),
        Job("heartbeats", hub.send_heartbeats),
        Job("schema", check_schema, 1.0),
        Job("imports", resume_imports, MINUTE),
        # what is left of an import is not to slow the first pages
        Job("related", relate_posts, MINUTE, unrelated_waiting, delay=MINUTE),
        Job("cards", draw_cards, MINUTE, cards_waiting, delay=MINUTE),
        Job("disk_reserve", fill_reserve, HOUR),
        Job("retention", delete_expired, HOUR),
        Job("websub", send_next_ping, MINUTE, ping_waiting),
    ]
    if settings.sends_mail:
        jobs += [
            Job("alerts", alert_editors, MAIL_SECONDS),
            Job("confirmations", send_next_confirmation, MAIL_SECONDS, confirmation_waiting),
            Job("digests", send_next_digest, MAIL_SECONDS),
            Job("mail", send_next_mail, MAIL_SECONDS, mail_waiting),
        ]
    return jobs


def check_schema() -> None:
    """Restore the tables after the database was emptied, deleted or replaced."""
    if schema_missing.is_set():
        time.sleep(RESTORE_SECONDS)
        restore_schema()
        schema_missing.clear()


def restore_schema() -> None:
    """Create missing tables and the row of the site."""
    migrate(current_app.config["SETTINGS"].database)
    ensure_site()
    thread_page_cache.clear()
    log.warning("The database was emptied or replaced; its tables are restored.")


def delete_expired() -> int:
    """Delete one small batch of expired data, if the clock can be trusted."""
    if not check_clock():
        log.warning("The clock may have jumped, so nothing is deleted for a day: check the clock.")
        return 0
    delete_expired_photos()
    return delete_expired_batch() + forget_mails()


class Jobs:
    """Run the jobs of a table, and one that stores their last runs."""

    def __init__(self, app: Flask, table: Sequence[Job]) -> None:
        self.app = app
        self.recorder = Job("job_runs", self.save_runs, MINUTE)
        self.table = [*table, self.recorder]
        # each job's thread replaces its value only
        self.runs = {job.name: Run(job.name, job.seconds, started_at=now()) for job in self.table}
        self.saved: dict[str, Run] = {}
        self.stopping = threading.Event()
        self.coroutines: set[Future[None]] = set()

    def start(self) -> None:
        """Start all jobs; call it in the event loop."""
        self.loop = asyncio.get_running_loop()
        self.threads = [
            threading.Thread(target=self._repeat, args=(job,), name=job.name, daemon=True) for job in self.table
        ]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End all jobs; call it in a thread, since the event loop must go on."""
        self.stopping.set()
        for job in self.table:
            job.wake.set()
        for coroutine in list(self.coroutines):
            coroutine.cancel()
        until = time.monotonic() + STOP_SECONDS
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))

    def save_runs(self) -> None:
        """Store the runs of this process that are new since the last time."""
        runs = dict(self.runs)
        save_runs([run for name, run in runs.items() if run.seconds == 0 or run != self.saved.get(name)], runs)
        self.saved = runs

    def _repeat(self, job: Job) -> None:
        """Run rounds until the process stops."""
        pause = RESTART_SECONDS
        job.wake.wait(job.delay)
        while True:
            job.wake.clear()  # before the round, which may miss what is queued meanwhile
            if self.stopping.is_set():
                return
            began = time.monotonic()
            self.runs[job.name] = replace(self.runs[job.name], started_at=now())
            try:
                has_more = self._run_round(job)
            except BaseException as error:
                # a library may raise SystemExit or CancelledError
                if time.monotonic() - began > MAX_RESTART_SECONDS:
                    pause = RESTART_SECONDS
                self._end_round(job, error)
                self.stopping.wait(max(job.seconds, pause))
                pause = min(2 * pause, MAX_RESTART_SECONDS)
            else:
                pause = RESTART_SECONDS
                self._end_round(job)
                if not has_more:
                    job.wake.wait(job.seconds or RESTART_SECONDS)

    def _run_round(self, job: Job) -> object:
        if job.seconds:
            with self.app.app_context():
                return job.run()
        coroutine = asyncio.run_coroutine_threadsafe(_contain_exit(job.run()), self.loop)
        self.coroutines.add(coroutine)
        try:
            return coroutine.result()
        finally:
            self.coroutines.discard(coroutine)

    def _end_round(self, job: Job, error: BaseException | None = None) -> None:
        if self.stopping.is_set():
            return
        before, at = self.runs[job.name], now()
        run = replace(before, ended_at=at)
        if error is not None:
            run = replace(run, error=describe_error(error), error_at=at)
            _log_failure(job, error)
        self.runs[job.name] = run
        if run.outcome != before.outcome:
            self.recorder.wake.set()


async def _contain_exit(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError("a job tried to end the event loop") from error


def _log_failure(job: Job, error: BaseException) -> None:
    if is_temporary(error) or isinstance(error, NotSent):
        log.warning("The job %s failed (%s); trying again.", job.name, type(error).__name__)
    elif isinstance(error, WrongSetting):
        log.warning("The job %s failed: %s", job.name, error)
    else:
        log.warning("The job %s failed; trying again.", job.name, exc_info=error)
