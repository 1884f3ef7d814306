"""Hash and check passwords with scrypt, one at a time per process.

The parameters are OWASP's. One hash takes 128 MB and about half a second. Passwords are normalized to NFKC first
(NIST SP 800-63B), since keyboards encode the same characters differently.

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
# hashes of earlier versions are replaced at the next sign-in
OLD_METHOD = "scrypt:32768:8:1"
MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1000
MAX_WAIT_SECONDS = 3

_hash_lock = Lock()
# one hashes and one waits: more would leave no threads for readers
_waiting_slots = BoundedSemaphore(2)


class TooBusy(Exception):
    """Refuse because other passwords are being checked; retry in a few seconds."""


@contextmanager
def hashing() -> Iterator[None]:
    """Hold this process's lock for hashing. Raises TooBusy."""
    if not _waiting_slots.acquire(blocking=False):
        raise TooBusy
    try:
        if not _hash_lock.acquire(timeout=MAX_WAIT_SECONDS):
            raise TooBusy
        try:
            yield
        finally:
            _hash_lock.release()
    finally:
        _waiting_slots.release()


def hash_password(password: str) -> str:
    """Hash a password with the current parameters; only within hashing()."""
    _check_lock()
    return generate_password_hash(_normalize(password), METHOD)


def is_current(password_hash: str) -> bool:
    return password_hash.startswith(f"{METHOD}$")


def password_matches(password: str, password_hash: str, *, old_hashes: bool = False) -> bool:
    """Compare a password with a hash; only within hashing().

    An empty hash never matches and takes as long. While `old_hashes` exist, every check computes both kinds, so that
    timing reveals nothing about an account.
    """
    _check_lock()
    old = bool(password_hash) and not is_current(password_hash)
    current_hash = password_hash if password_hash and not old else _unmatchable_hash(METHOD)
    matches = check_password_hash(current_hash, _normalize(password))
    if old or old_hashes:
        # earlier versions did not normalize passwords
        matches_old = check_password_hash(password_hash if old else _unmatchable_hash(OLD_METHOD), password)
        return matches_old if old else matches
    return matches


def _check_lock() -> None:
    if not _hash_lock.locked():
        raise RuntimeError("passwords are hashed within hashing() only")


def _normalize(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _unmatchable_hash(method: str) -> str:
    """Return a hash that no password matches."""
    return f"{method}$nobody${'0' * 128}"
