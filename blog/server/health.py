"""Answer /healthz (the process is alive) and /readyz (it can serve).

Both are answered before Flask, so that they are cheap and work while every thread is busy.
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

ALIVE_PATH = "/healthz"
READY_PATH = "/readyz"
# at most one database query per second, with a timeout
RECHECK_SECONDS = 1.0
WAIT_SECONDS = 2.0

NO_ANSWER = "The database does not answer."
NOT_MIGRATED = "The database is not migrated to this version of the program."


class Readiness:
    """Cache the last readiness check; it runs in one thread."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._check: asyncio.Future[str] | None = None
        self._checked_at = 0.0

    async def problem(self) -> str:
        """Return why this process cannot serve, or ""."""
        loop = asyncio.get_running_loop()
        if self._check is None or (self._check.done() and loop.time() - self._checked_at > RECHECK_SECONDS):
            self._checked_at = loop.time()
            self._check = loop.run_in_executor(self._threads, _find_problem, self.app)
        done, _ = await asyncio.wait([self._check], timeout=WAIT_SECONDS)
        return self._check.result() if done else NO_ANSWER


def _find_problem(app: Flask) -> str:
    try:
        with app.app_context(), db.engine.connect() as connection:
            return "" if is_current(connection) else NOT_MIGRATED
    except SQLAlchemyError:
        return NO_ANSWER
    except Exception:
        log.exception("The readiness check failed")
        return NO_ANSWER
