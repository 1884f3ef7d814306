"""Distinguish temporary database errors from program errors."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

DISK_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
# https://sqlite.org/rescode.html, without the extended parts
SQLITE_TEMPORARY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_SCHEMA,
}
# https://www.postgresql.org/docs/15/errcodes-appendix.html: connection, authorization, rollback (serialization,
# deadlock), resources (disk, memory, connections), prerequisites (locks), operator (shutdown, timeouts), system
POSTGRES_TEMPORARY_CLASSES = {"08", "28", "40", "53", "55", "57", "58"}
# read-only after a failover, an idle transaction ended, a table changed under a prepared statement, no such database
POSTGRES_TEMPORARY_STATES = {"25006", "25P03", "0A000", "3D000"}
READ_ONLY, DISK_FULL = "25006", "53100"
# no such table, column or schema
POSTGRES_SCHEMA_MISSING = {"42P01", "42703", "3F000"}
SQLITE_SCHEMA_MISSING = ("no such table", "no such column", "unable to open database file")


class DatabaseBusy(SQLAlchemyError):
    """Raised when other writes took longer than this one may wait."""


class SchemaMissing(SQLAlchemyError):
    """Raised when the database was emptied or replaced by an older one."""


def is_temporary(error: BaseException) -> bool:
    """Return whether the operation may succeed later without a code change.

    Takes errors of SQLAlchemy and of sqlite3; of OSError only a full disk counts.
    """
    if isinstance(error, OSError):
        return error.errno in DISK_FULL_ERRNOS
    if isinstance(error, DatabaseBusy | SchemaMissing | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError | sqlite3.Error):
        return False
    if getattr(error, "connection_invalidated", False) or is_schema_missing(error):
        return True
    code, state = sqlite_code(error), sqlstate(error)
    if code or state:
        return code in SQLITE_TEMPORARY or state[:2] in POSTGRES_TEMPORARY_CLASSES or state in POSTGRES_TEMPORARY_STATES
    # connection failures have no code
    return isinstance(error, OperationalError | InterfaceError)


def is_schema_missing(error: BaseException) -> bool:
    """Return whether tables or columns are missing."""
    if isinstance(error, SchemaMissing):
        return True
    return isinstance(error, DBAPIError) and (
        sqlstate(error) in POSTGRES_SCHEMA_MISSING or str(error.orig).startswith(SQLITE_SCHEMA_MISSING)
    )


def is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in DISK_FULL_ERRNOS
    return sqlite_code(error) == sqlite3.SQLITE_FULL or sqlstate(error) == DISK_FULL


def error_reason(error: BaseException) -> str:
    """Return the first line of the database's message."""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]


def sqlite_code(error: BaseException) -> int:
    """Return SQLite's primary result code, or 0."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)) & 0xFF


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's SQLSTATE, or ""."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def operator_message(error: Exception) -> str:
    """Return a sentence for the operator about a temporary error."""
    if is_disk_full(error):
        return "The disk is full: free some space, then try again."
    return f"The database cannot be used just now ({error_reason(error)}): try again in a while."
