"""Hash and check passwords: scrypt with OWASP's parameters, one at a time in each process.

One hash takes 128 MB and about half a second. Passwords are normalized to NFKC first (NIST SP 800-63B), so that the
same characters typed on another keyboard fit.

with hashing():
    password_hash = hash_password(password)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from werkzeug.security import check_password_hash, generate_password_hash

# OWASP Password Storage Cheat Sheet: N=2^17, r=8, p=1
METHOD = "scrypt:131072:8:1"
# hashes of earlier versions, which are replaced at the next sign-in
OLD_METHOD = "scrypt:32768:8:1"
MIN_LENGTH = 10
MAX_LENGTH = 1000
MAX_WAIT_SECONDS = 3

_slot = Lock()
# the one that hashes and one that waits: more would take every thread from the readers
_places = BoundedSemaphore(2)


class TooBusy(Exception):
    """Other passwords are being checked; the request may be sent again in a few seconds."""


@contextmanager
def hashing() -> Iterator[None]:
    """Hold the one slot in which this process hashes. Raises TooBusy."""
    if not _places.acquire(blocking=False):
        raise TooBusy
    try:
        if not _slot.acquire(timeout=MAX_WAIT_SECONDS):
            raise TooBusy
        try:
            yield
        finally:
            _slot.release()
    finally:
        _places.release()


def hash_password(password: str) -> str:
    """Hash a password with the current parameters; only within hashing()."""
    _check_slot()
    return generate_password_hash(_normalized(password), METHOD)


def is_current(password_hash: str) -> bool:
    return password_hash.startswith(f"{METHOD}$")


def password_fits(password: str, password_hash: str, *, old_hashes: bool = False) -> bool:
    """Compare a password with a hash; only within hashing(). An empty hash never fits and takes as long.

    While `old_hashes` exist, every check does the work of both kinds, so that the time tells nothing of an account.
    """
    _check_slot()
    old = bool(password_hash) and not is_current(password_hash)
    current_hash = password_hash if password_hash and not old else _nobodys(METHOD)
    fits = check_password_hash(current_hash, _normalized(password))
    if old or old_hashes:
        # earlier versions hashed what was typed, without normalizing it
        fits_old = check_password_hash(password_hash if old else _nobodys(OLD_METHOD), password)
        return fits_old if old else fits
    return fits


def _check_slot() -> None:
    if not _slot.locked():
        raise RuntimeError("passwords are hashed within hashing() only")


def _normalized(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _nobodys(method: str) -> str:
    """Make a hash that no password fits."""
    return f"{method}$nobody${'0' * 128}"
