"""Answer whether the process is alive (/healthz) and whether it can serve (/readyz).

Both are answered before Flask, so that they cost next to nothing and hold while every thread is busy.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db
from blog.migrations import is_current

log = logging.getLogger(__name__)

ALIVE = "/healthz"
READY = "/readyz"
# however many ask, the database is asked this often, and waited for this long
FRESH_SECONDS = 1.0
WAIT_SECONDS = 2.0

SILENT = "The database does not answer."
BEHIND = "The database is not migrated to this version of the program."


class Readiness:
    """What the database last said. Belongs to the event loop; the database is asked in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._check: asyncio.Future[str] | None = None
        self._begun = 0.0

    async def obstacle(self) -> str:
        """Say in a sentence why this process cannot serve; "" where it can."""
        loop = asyncio.get_running_loop()
        if self._check is None or (self._check.done() and loop.time() - self._begun > FRESH_SECONDS):
            self._begun = loop.time()
            self._check = loop.run_in_executor(self._threads, _obstacle, self.app)
        done, _ = await asyncio.wait([self._check], timeout=WAIT_SECONDS)
        return self._check.result() if done else SILENT


def _obstacle(app: Flask) -> str:
    try:
        with app.app_context(), db.engine.connect() as connection:
            return "" if is_current(connection) else BEHIND
    except SQLAlchemyError:
        return SILENT
    except Exception:
        log.exception("The readiness check failed")
        return SILENT
