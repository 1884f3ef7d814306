"""Tell errors of the database that pass by themselves from faults of this program."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

FULL = {errno.ENOSPC, errno.EDQUOT}
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
POSTGRES_CLASSES = {"08", "28", "40", "53", "55", "57", "58"}
# read-only after a failover, an idle transaction ended, a table changed under a prepared statement, no such database
POSTGRES_STATES = {"25006", "25P03", "0A000", "3D000"}
READ_ONLY, DISK_FULL = "25006", "53100"
# no such table, column or schema
POSTGRES_MISSING = {"42P01", "42703", "3F000"}
SQLITE_MISSING = ("no such table", "no such column", "unable to open database file")


class Busy(SQLAlchemyError):
    """Other writes held the database longer than this one may wait."""


class NoTables(SQLAlchemyError):
    """The database was emptied, or replaced by an older one, while the program ran."""


def is_temporary(error: BaseException) -> bool:
    """Whether the same act may well succeed later, with nothing changed in this program.

    Takes errors of SQLAlchemy and of the sqlite3 module; of OSError only a full disk counts.
    """
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, Busy | NoTables | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError | sqlite3.Error):
        return False
    if getattr(error, "connection_invalidated", False) or is_schema_missing(error):
        return True
    code, state = sqlite_code(error), sqlstate(error)
    if code or state:
        return code in SQLITE_TEMPORARY or state[:2] in POSTGRES_CLASSES or state in POSTGRES_STATES
    # what failed before a server answered carries no code
    return isinstance(error, OperationalError | InterfaceError)


def is_schema_missing(error: BaseException) -> bool:
    """Whether tables or columns are not there, so that migrating again would help."""
    if isinstance(error, NoTables):
        return True
    return isinstance(error, DBAPIError) and (
        sqlstate(error) in POSTGRES_MISSING or str(error.orig).startswith(SQLITE_MISSING)
    )


def is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return sqlite_code(error) == sqlite3.SQLITE_FULL or sqlstate(error) == DISK_FULL


def reason_of(error: BaseException) -> str:
    """What the database says of it, in one line."""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]


def sqlite_code(error: BaseException) -> int:
    """The primary result code; 0 for what is not from SQLite."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)) & 0xFF


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five characters; "" where it sent none."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def sentence_at_server(error: Exception) -> str:
    """Say what the owner of the server can do about an error that is_temporary()."""
    if is_disk_full(error):
        return "The disk is full: free some space, then try again."
    return f"The database cannot be used just now ({reason_of(error)}): try again in a while."
