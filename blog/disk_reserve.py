"""Reserve disk space for editors, who can then sign in and delete on a full disk.

A file beside the SQLite database holds the space. It is deleted when an editor, known by a right password or a session,
meets a full disk, and written again once there is room. Readers and wrong passwords never cause that, or an attacker
who fills the disk would use up the reserve as well. With PostgreSQL the disk is elsewhere, and there is no reserve.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from flask import current_app
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from blog.db import writing
from blog.db_errors import is_disk_full

log = logging.getLogger(__name__)

# some hundred acts; SQLite writes each page twice
RESERVE_BYTES = 4_000_000
# so much must be free before the space is taken again
ROOM_BYTES = 10 * RESERVE_BYTES
START_BYTES = 1_000_000
FREED = "The disk is full: the space that is reserved for editors is in use now. Free some more soon."


def fill_reserve() -> None:
    """Take the space where it is not taken yet and the disk has room."""
    file = _file()
    if file is None or file.exists() or shutil.disk_usage(file.parent).free < ROOM_BYTES:
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)
    except FileExistsError:
        return  # another process was quicker
    except OSError as error:
        log.warning("No disk space could be reserved for editors (%s).", error.strerror)
        file.unlink(missing_ok=True)


def free_reserve() -> bool:
    """Give the space up; return whether there was any."""
    file = _file()
    try:
        if file is None:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    log.warning(FREED)
    return True


def write_with_reserve(change: Callable[[], object]) -> None:
    """Make `change` in one write; where the disk is full, once more with the reserve."""
    try:
        with writing():
            change()
    except SQLAlchemyError as error:
        if not is_disk_full(error) or not free_reserve():
            raise
        with writing():
            change()


def make_room_to_start(database: str) -> None:
    """Give the reserve up where the program could not even open this SQLite database without it."""
    file = _file(database)
    if file and file.exists() and shutil.disk_usage(file.parent).free < START_BYTES:
        file.unlink(missing_ok=True)
        log.warning(FREED)


def _file(database: str = "") -> Path | None:
    address = make_url(database or current_app.config["SETTINGS"].database)
    return Path(f"{address.database}-reserve") if address.get_backend_name() == "sqlite" else None
