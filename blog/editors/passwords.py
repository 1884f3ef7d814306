"""Hashing passwords: by scrypt, and at most two at a time, since each takes 32 MB and a good part of a second."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from werkzeug.security import check_password_hash, generate_password_hash

SHORTEST = 10
LONGEST = 200

_places = BoundedSemaphore(2)


def hashed(password: str) -> str:
    with _places:
        return generate_password_hash(password, "scrypt")


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one of the hash; where there is no account it takes just as long to say no."""
    nobodys = _nobodys()  # whoever asks first waits for it, whether there is an account or not
    standing = password_hash or nobodys
    with _places:
        return check_password_hash(standing, password[:LONGEST]) and password_hash is not None


@cache
def _nobodys() -> str:
    return generate_password_hash("nobody's", "scrypt")
