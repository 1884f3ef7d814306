"""What goes on beside the requests, in each process: what is new is read for the streams, what is due is forgotten."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing import connection

from flask import Flask

from blog.comments import streaming
from blog.comments.forgetting import forget_some
from blog.db import db
from blog.mail.forgetting import forget_mails
from blog.news import News

log = logging.getLogger(__name__)

GRACE_SECONDS = 4.0
FORGET_SECONDS = 3600.0


class Conversation:
    """The hub's source: the comments room, asked within the Flask app, its connection given back each time."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def versions(self, topics: list[str]) -> dict[str, int]:
        with self.app.app_context():
            return streaming.versions(topics)

    def news(self, topic: str, since: int) -> News | None:
        # a request, though nobody's: addresses in what is rendered are built as on a page
        with self.app.test_request_context("/"):
            try:
                return streaming.news(topic, since)
            finally:
                db.session.remove()


async def keep_forgetting(app: Flask) -> None:
    """What is due to be forgotten, at the start and every hour, in small parts; any process may."""
    while True:
        while await asyncio.to_thread(_forget, app):
            await asyncio.sleep(0)
        await asyncio.sleep(FORGET_SECONDS)


def _forget(app: Flask) -> int:
    try:
        with app.app_context():
            return forget_some() + forget_mails()
    except Exception:
        log.warning("What is due could not be forgotten; trying again in an hour.", exc_info=True)
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
