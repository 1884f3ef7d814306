"""What goes on beside the requests, in each process: what is new is read for the streams, what is due is forgotten."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

from flask import Flask

from blog.comments import streaming
from blog.comments.forgetting import forget_some
from blog.db import db
from blog.mail.forgetting import forget_mails
from blog.news import News

log = logging.getLogger(__name__)

PARENT_SECONDS = 1.0
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


async def end_with_parent() -> None:
    """A worker whose parent was killed would keep the port and serve on unseen."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
