"""Reserve disk space so that editors can delete on a full disk.

A file beside the SQLite database holds the space. It is deleted when an editor, known by password or session, meets a
full disk, and written again once there is room. Readers and wrong passwords never cause that, or an attacker who fills
the disk would use up the reserve too. With PostgreSQL the disk is on the database server, and there is no reserve.
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

# some hundred writes; SQLite writes each page twice
RESERVE_BYTES = 4_000_000
# free space required before the file is written again
MIN_FREE_BYTES = 10 * RESERVE_BYTES
MIN_START_BYTES = 1_000_000
RESERVE_FREED = "The disk is full: the space reserved for editors is in use. Free some space soon."


def fill_reserve() -> None:
    """Create the reserve file if the disk has enough space."""
    file = _reserve_file()
    if file is None or file.exists() or shutil.disk_usage(file.parent).free < MIN_FREE_BYTES:
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)
    except FileExistsError:
        return  # another process created it
    except OSError as error:
        log.warning("No disk space could be reserved for editors (%s).", error.strerror)
        file.unlink(missing_ok=True)


def free_reserve() -> bool:
    """Delete the reserve file; return whether it existed."""
    file = _reserve_file()
    try:
        if file is None:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    log.warning(RESERVE_FREED)
    return True


def write_with_reserve(change: Callable[[], object]) -> None:
    """Run `change` in a write; retry a full disk with the reserve."""
    try:
        with writing(affects="nothing"):
            change()
    except SQLAlchemyError as error:
        if not is_disk_full(error) or not free_reserve():
            raise
        with writing(affects="nothing"):
            change()


def free_reserve_to_start(database: str) -> None:
    """Delete the reserve if the program could not start without its space."""
    file = _reserve_file(database)
    if file and file.exists() and shutil.disk_usage(file.parent).free < MIN_START_BYTES:
        file.unlink(missing_ok=True)
        log.warning(RESERVE_FREED)


def _reserve_file(database: str = "") -> Path | None:
    address = make_url(database or current_app.config["SETTINGS"].database)
    return Path(f"{address.database}-reserve") if address.get_backend_name() == "sqlite" else None
