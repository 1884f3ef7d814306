"""Throttle wrong passwords by account, network address and browser.

An attempt is stored before its password is checked and deleted if it was right, so concurrent requests cannot exceed a
limit. Unknown accounts are counted alike. MAX_PER_SITE bounds the rows; they are deleted after an hour.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, delete

from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.row_limits import seconds_until_allowed
from blog.web.keyed_hashes import keyed_hash

HOUR = timedelta(hours=1)
TEN_MINUTES = timedelta(minutes=10)
ATTEMPT_RETENTION = HOUR

# for browsers without a device cookie
MAX_PER_ADDRESS = 20
MAX_PER_ACCOUNT_AND_ADDRESS = 5
MAX_PER_ACCOUNT = 20
MAX_PER_SITE = 1000
# for one browser with a device cookie, and for one editor at the form that changes the password
MAX_PER_DEVICE = 10


class TooManyFailures(Exception):
    """Refuse passwords for `seconds`; with `strangers_only`, known browsers may still try."""

    def __init__(self, seconds: int, strangers_only: bool = False) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds, self.strangers_only = seconds, strangers_only


def account_key(email: str) -> str:
    return keyed_hash("account", email.strip().lower())


def check_throttle(account: str, address: str, device: str | None) -> None:
    """Check all limits. Raises TooManyFailures.

    The arguments are keyed hashes; `device` is None without a device cookie.
    """
    if device:
        _refuse(_seconds_to_wait(MAX_PER_DEVICE, HOUR, SignInFailure.device_key == device))
        return
    stranger = SignInFailure.device_key.is_(None)
    from_address, for_account = SignInFailure.address_key == address, SignInFailure.account_key == account
    _refuse(_seconds_to_wait(MAX_PER_ADDRESS, TEN_MINUTES, from_address, stranger))
    _refuse(_seconds_to_wait(MAX_PER_ACCOUNT_AND_ADDRESS, TEN_MINUTES, from_address, for_account, stranger))
    _refuse(_seconds_to_wait(MAX_PER_ACCOUNT, HOUR, for_account, stranger), strangers_only=True)
    _refuse(_seconds_to_wait(MAX_PER_SITE, HOUR, stranger), strangers_only=True)


def begin_attempt(account: str, address: str, device: str | None) -> int:
    """Store an attempt as a failure; return its id. Raises TooManyFailures."""
    with writing(affects="nothing"):
        check_throttle(account, address, device)
        db.session.execute(delete(SignInFailure).where(SignInFailure.created_at < now() - ATTEMPT_RETENTION))
        attempt = SignInFailure(account_key=account, address_key=address, device_key=device)
        db.session.add(attempt)
        db.session.flush()
        return attempt.id


def delete_attempt(attempt_id: int) -> None:
    """Delete an attempt whose password was right, in the current transaction."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.id == attempt_id))


def is_closed_to_strangers(account: str) -> bool:
    """Return whether only known browsers may try passwords for this account."""
    by_strangers = SignInFailure.account_key == account, SignInFailure.device_key.is_(None)
    return _seconds_to_wait(MAX_PER_ACCOUNT, HOUR, *by_strangers) > 0


def _refuse(seconds: int, strangers_only: bool = False) -> None:
    if seconds:
        raise TooManyFailures(seconds, strangers_only)


def _seconds_to_wait(limit: int, window: timedelta, *conditions: ColumnElement[bool]) -> int:
    """Return the seconds until the window has fewer than `limit` failures."""
    return seconds_until_allowed(SignInFailure.created_at, [(limit, window)], now(), *conditions)
