"""What goes on beside the requests, in each process: what is new is read for the streams, what is due is forgotten."""

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
from blog.comments.privacy.retention import forget_some
from blog.comments.thread.tree import pages_kept
from blog.db import db
from blog.db_connections import schema_missing
from blog.db_errors import is_temporary
from blog.disk_reserve import fill_reserve
from blog.live.change_listener import hear
from blog.live.events import News
from blog.live.hub import Hub
from blog.mail.retention import forget_mails
from blog.media.late_photos import forget_late_photos
from blog.migrations import migrate
from blog.settings import WrongSetting
from blog.site.clock import check_clock
from blog.site.models import ensure_site

log = logging.getLogger(__name__)

GRACE_SECONDS = 4.0
FORGET_SECONDS = 3600.0
# after a fault in what never ends
RESTART_SECONDS = 5.0
SCHEMA_SECONDS = 1.0
# how long tables must be missing: restoring a backup may put them there
RESTORE_SECONDS = 5.0


class CommentSource:
    """The hub's source: the comments room, asked within the Flask app, its connection given back each time."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def versions(self, topics: list[str]) -> dict[str, int]:
        with self.app.app_context():
            return live_events.versions(topics)

    def news(self, topic: str, since: int) -> News | None:
        # a request, though nobody's: addresses in what is rendered are built as on a page
        with self.app.test_request_context("/"):
            try:
                return live_events.news(topic, since)
            finally:
                db.session.remove()


def begin(app: Flask, hub: Hub) -> list[asyncio.Task[None]]:
    """Start all of it in the running event loop."""
    hearing = partial(hear, hub, app.config["SETTINGS"].database)
    work = (hearing, hub.keep_beating, partial(keep_forgetting, app), partial(keep_schema, app))
    return [asyncio.create_task(keep_running(one)) for one in work]


async def keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Run what never ends, again after each fault."""
    while True:
        try:
            return await work()
        except Exception:
            log.warning("What goes on beside the requests met a fault; going on.", exc_info=True)
        await asyncio.sleep(RESTART_SECONDS)


async def keep_schema(app: Flask) -> None:
    """Migrate again where the database was emptied, deleted, or replaced by an older one."""
    while True:
        await asyncio.sleep(SCHEMA_SECONDS)
        if schema_missing.is_set():
            await asyncio.sleep(RESTORE_SECONDS)
            await asyncio.to_thread(make_schema, app)
            schema_missing.clear()


def make_schema(app: Flask) -> None:
    """Make the tables and the site's row that are missing; nothing where a backup was restored meanwhile."""
    try:
        migrate(app.config["SETTINGS"].database)
        with app.app_context():
            ensure_site()
    except (WrongSetting, SQLAlchemyError) as error:
        log.warning("The database lacks tables, and they could not be made: %s", error)
    else:
        pages_kept.clear()
        log.warning("The database had been emptied or replaced; its tables are in order again.")


async def keep_forgetting(app: Flask) -> None:
    """What is due to be forgotten, at the start and every hour, in small parts; any process may."""
    while True:
        while await asyncio.to_thread(_forget, app):
            await asyncio.sleep(0)
        await asyncio.sleep(FORGET_SECONDS)


def _forget(app: Flask) -> int:
    try:
        with app.app_context():
            fill_reserve()
            if check_clock():
                forget_late_photos()
                return forget_some() + forget_mails()
            log.warning("The clock may have jumped, so nothing is forgotten for a day: see that it is right.")
    except Exception as error:
        fault = None if is_temporary(error) else error
        log.warning("What is due could not be forgotten; trying again in an hour.", exc_info=fault)
    return 0


def end_with_parent() -> None:
    """End this worker once the process that started it has died; it would keep the port and serve on unseen.

    A pipe tells, so that a parent that died before this was called is noticed too. Requests in progress have
    GRACE_SECONDS to finish.
    """
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_wait_for_end_of, args=(parent.sentinel,), name="parent watch", daemon=True).start()


def _wait_for_end_of(sentinel: int) -> None:
    connection.wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)  # a thread that waits for the database would hold up a clean end
