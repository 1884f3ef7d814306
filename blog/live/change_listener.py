"""Notify the hub of changes that other processes committed."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from blog.db_connections import NOTIFY_CHANNEL, file_identity, postgres_timeouts
from blog.db_errors import is_temporary
from blog.live.hub import Hub

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# PostgreSQL: check without a notification, since one may be lost, and test the connection
NOTIFY_TIMEOUT_SECONDS = 15.0
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 15.0


async def listen_for_changes(hub: Hub, database: str) -> None:
    """Make the hub check its topics at each change, for ever."""
    address = make_url(database)
    if address.get_backend_name() == "sqlite":
        await _poll_sqlite(hub, str(address.database))
    else:
        await _listen_postgres(hub, address)


async def _poll_sqlite(hub: Hub, path: str) -> None:
    """Poll `PRAGMA data_version`, which changes with every commit.

    The connection is never in a transaction, where the number would not change.
    """
    connection, known_version, file = None, None, None
    while True:
        await asyncio.sleep(POLL_SECONDS)
        try:
            if connection is not None and file_identity(path) != file:
                connection.close()
                connection, known_version = None, None
            if connection is None:
                # a missing file is not created, since a backup may be restored there
                file = file_identity(path)
                connection = sqlite3.connect(f"file:{quote(path)}?mode=rw", isolation_level=None, uri=True)
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != known_version:
                known_version = version
                await hub.check_all_topics()
        except Exception as error:
            fault = None if is_temporary(error) else error
            log.warning("Polling for changes failed; trying again.", exc_info=fault)
            if connection is not None:
                connection.close()
            connection, known_version = None, None
            await asyncio.sleep(1)


async def _listen_postgres(hub: Hub, address: URL) -> None:
    """LISTEN on a separate connection; reconnect after errors. Every commit sends NOTIFY."""
    pause = FIRST_RETRY_SECONDS
    while True:
        try:
            async with aclosing(_notifications(address)) as notifications:
                async for _ in notifications:
                    await hub.check_all_topics()
                    pause = FIRST_RETRY_SECONDS
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            log.warning("LISTEN failed (%s); trying again in %g s.", reason, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_RETRY_SECONDS)


async def _notifications(address: URL) -> AsyncGenerator[None]:
    """Yield once when listening, then after notifications or a timeout."""
    from psycopg import AsyncConnection

    _, options = address.get_dialect()().create_connect_args(address)
    async with await AsyncConnection.connect(**options, **postgres_timeouts(address), autocommit=True) as connection:
        await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
        while True:
            yield
            async for _ in connection.notifies(timeout=NOTIFY_TIMEOUT_SECONDS, stop_after=1):
                pass
            async with asyncio.timeout(NOTIFY_TIMEOUT_SECONDS):
                await connection.execute("SELECT 1")
