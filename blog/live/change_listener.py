"""Hearing of changes that other processes made, so that the hub can look."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from blog.db_connections import CHANNEL, file_at, patience
from blog.db_errors import is_temporary
from blog.live.hub import Hub

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
# PostgreSQL: a look without having been called, since a call may be lost, and a sign of life from the server
LOOK_ANYWAY_SECONDS = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


async def hear(hub: Hub, database: str) -> None:
    """Wake the hub at each change of the database at this address, for ever."""
    address = make_url(database)
    if address.get_backend_name() == "sqlite":
        await _hear_sqlite(hub, str(address.database))
    else:
        await _hear_postgres(hub, address)


async def _hear_sqlite(hub: Hub, path: str) -> None:
    """`PRAGMA data_version` says only that something changed. Its connection is the driver's own and
    always outside of a transaction: inside one the number stands still.
    """
    connection, known, file = None, None, None
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if connection is not None and file_at(path) != file:
                connection.close()
                connection, known = None, None
            if connection is None:
                # a missing file is not made here, since a backup may be on its way to this place
                file = file_at(path)
                connection = sqlite3.connect(f"file:{quote(path)}?mode=rw", isolation_level=None, uri=True)
            seen = connection.execute("PRAGMA data_version").fetchone()[0]
            if seen != known:
                known = seen
                await hub.look()
        except Exception as error:
            fault = None if is_temporary(error) else error
            log.warning("Changes of other processes could not be seen; trying again.", exc_info=fault)
            if connection is not None:
                connection.close()
            connection, known = None, None
            await asyncio.sleep(1)


async def _hear_postgres(hub: Hub, address: URL) -> None:
    """LISTEN on a connection of its own, again after each break; every act says NOTIFY when it is committed."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with aclosing(_calls(address)) as calls:
                async for _ in calls:
                    await hub.look()
                    pause = FIRST_PAUSE
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            log.warning("Changes of other processes cannot be heard (%s); trying again in %g s.", reason, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _calls(address: URL) -> AsyncGenerator[None]:
    """Comes once as soon as it listens, so that nothing falls in between, then for all calls that wait, or for none."""
    from psycopg import AsyncConnection

    _, options = address.get_dialect()().create_connect_args(address)
    async with await AsyncConnection.connect(**options, **patience(address), autocommit=True) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        while True:
            yield
            async for _ in connection.notifies(timeout=LOOK_ANYWAY_SECONDS, stop_after=1):
                pass
            async with asyncio.timeout(LOOK_ANYWAY_SECONDS):
                await connection.execute("SELECT 1")
