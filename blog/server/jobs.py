"""Run the background jobs of each process."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing import connection

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from blog.comments import live_events
from blog.comments.privacy.retention import delete_expired_batch
from blog.comments.thread.tree import thread_page_cache
from blog.db import db
from blog.db_connections import schema_missing
from blog.db_errors import is_temporary
from blog.disk_reserve import fill_reserve
from blog.live.change_listener import listen_for_changes
from blog.live.events import TopicUpdate
from blog.live.hub import Hub
from blog.mail.retention import forget_mails
from blog.media.late_photos import delete_expired_photos
from blog.migrations import migrate
from blog.settings import WrongSetting
from blog.site.clock import check_clock
from blog.site.models import ensure_site

log = logging.getLogger(__name__)

GRACE_SECONDS = 4.0
RETENTION_SECONDS = 3600.0
# after an exception in a job
RESTART_SECONDS = 5.0
SCHEMA_SECONDS = 1.0
# grace period for a backup that is being restored
RESTORE_SECONDS = 5.0


class CommentSource:
    """Read topics and updates of comments for the hub."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def versions(self, topics: list[str]) -> dict[str, int]:
        with self.app.app_context():
            return live_events.versions(topics)

    def read_update(self, topic: str, since: int) -> TopicUpdate | None:
        # templates need a request context to build URLs
        with self.app.test_request_context("/"):
            try:
                return live_events.news(topic, since)
            finally:
                db.session.remove()


def start_jobs(app: Flask, hub: Hub) -> list[asyncio.Task[None]]:
    """Start all jobs in the running event loop."""
    listening = partial(listen_for_changes, hub, app.config["SETTINGS"].database)
    work = (listening, hub.send_heartbeats, partial(run_retention, app), partial(watch_schema, app))
    return [asyncio.create_task(run_forever(one)) for one in work]


async def run_forever(work: Callable[[], Awaitable[None]]) -> None:
    """Run a job; restart it after each exception."""
    while True:
        try:
            return await work()
        except Exception:
            log.warning("A background job failed; restarting it.", exc_info=True)
        await asyncio.sleep(RESTART_SECONDS)


async def watch_schema(app: Flask) -> None:
    """Migrate again after the database was emptied, deleted or replaced."""
    while True:
        await asyncio.sleep(SCHEMA_SECONDS)
        if schema_missing.is_set():
            await asyncio.sleep(RESTORE_SECONDS)
            await asyncio.to_thread(restore_schema, app)
            schema_missing.clear()


def restore_schema(app: Flask) -> None:
    """Create missing tables and the row of the site."""
    try:
        migrate(app.config["SETTINGS"].database)
        with app.app_context():
            ensure_site()
    except (WrongSetting, SQLAlchemyError) as error:
        log.warning("Missing tables could not be created: %s", error)
    else:
        thread_page_cache.clear()
        log.warning("The database was emptied or replaced; its tables are restored.")


async def run_retention(app: Flask) -> None:
    """Delete expired data in small parts, at the start and every hour."""
    while True:
        while await asyncio.to_thread(_delete_expired, app):
            await asyncio.sleep(0)
        await asyncio.sleep(RETENTION_SECONDS)


def _delete_expired(app: Flask) -> int:
    try:
        with app.app_context():
            fill_reserve()
            if check_clock():
                delete_expired_photos()
                return delete_expired_batch() + forget_mails()
            log.warning("The clock may have jumped, so nothing is deleted for a day: check the clock.")
    except Exception as error:
        fault = None if is_temporary(error) else error
        log.warning("Expired data could not be deleted; trying again in an hour.", exc_info=fault)
    return 0


def end_with_parent() -> None:
    """End this worker when its parent process ends.

    It would hold the port otherwise. The parent's sentinel also covers a parent that ended before. Running requests
    get GRACE_SECONDS to finish.
    """
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_exit_after, args=(parent.sentinel,), name="parent watch", daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)  # a thread that waits for the database would block a clean exit
