"""Hearing of changes that other processes made, so that the hub can look."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from sqlalchemy.engine import make_url

from blog.live import Hub

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2


async def hear(hub: Hub, database: str) -> None:
    """Wake the hub at each change of the database at this address, for ever."""
    await _hear_sqlite(hub, str(make_url(database).database))


async def _hear_sqlite(hub: Hub, path: str) -> None:
    """`PRAGMA data_version` says only that something changed. Its connection is the driver's own and
    always outside of a transaction: inside one the number stands still.
    """
    connection, known = None, None
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            connection = connection or sqlite3.connect(path, isolation_level=None)
            seen = connection.execute("PRAGMA data_version").fetchone()[0]
            if seen != known:
                known = seen
                await hub.look()
        except Exception:
            log.warning("Changes of other processes could not be seen; trying again.", exc_info=True)
            if connection is not None:
                connection.close()
            connection, known = None, None
            await asyncio.sleep(1)
