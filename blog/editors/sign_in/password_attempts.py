"""Count wrong passwords, by account, network and browser. Counted in the database, so for all processes together.

An attempt is written down before the password is checked and deleted if it was right, so that no number of requests
at the same time passes a limit. Unknown accounts are counted like any other. Rows are bounded by MAX_OF_SITE and are
forgotten after an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, delete, func, select

from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.web.keyed_hashes import keyed_hash

HOUR = timedelta(hours=1)
TEN_MINUTES = timedelta(minutes=10)
KEEP = HOUR

# of browsers without a device cookie
MAX_OF_ADDRESS = 20
MAX_OF_ACCOUNT_AT_ADDRESS = 5
MAX_OF_ACCOUNT = 20
MAX_OF_SITE = 1000
# of one browser that signed in before, and of one editor at the form that changes the password
MAX_OF_DEVICE = 10


class TooManyFailures(Exception):
    """No password may be tried here for `seconds`; `strangers_only` where browsers known to the account still may."""

    def __init__(self, seconds: int, strangers_only: bool = False) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds, self.strangers_only = seconds, strangers_only


def account_key(email: str) -> str:
    return keyed_hash("account", email.strip().lower())


def check_throttle(account: str, address: str, device: str | None) -> None:
    """Refuse where a limit is reached. All three are keyed hashes; `device` is None for an unknown browser.

    Raises TooManyFailures.
    """
    if device:
        _refuse(_wait(MAX_OF_DEVICE, HOUR, SignInFailure.device_key == device))
        return
    stranger = SignInFailure.device_key.is_(None)
    here, this = SignInFailure.address_key == address, SignInFailure.account_key == account
    _refuse(_wait(MAX_OF_ADDRESS, TEN_MINUTES, here, stranger))
    _refuse(_wait(MAX_OF_ACCOUNT_AT_ADDRESS, TEN_MINUTES, here, this, stranger))
    _refuse(_wait(MAX_OF_ACCOUNT, HOUR, this, stranger), strangers_only=True)
    _refuse(_wait(MAX_OF_SITE, HOUR, stranger), strangers_only=True)


def begin_attempt(account: str, address: str, device: str | None) -> int:
    """Write down an attempt as a failure; return its id. Raises TooManyFailures."""
    with writing():
        check_throttle(account, address, device)
        db.session.execute(delete(SignInFailure).where(SignInFailure.created_at < now() - KEEP))
        attempt = SignInFailure(account_key=account, address_key=address, device_key=device)
        db.session.add(attempt)
        db.session.flush()
        return attempt.id


def forget_attempt(attempt_id: int) -> None:
    """Inside an act: the password was right."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.id == attempt_id))


def is_closed_to_strangers(account: str) -> bool:
    """Decide whether so many passwords were wrong that only known browsers may try."""
    recent = _recent(HOUR, now()), SignInFailure.account_key == account, SignInFailure.device_key.is_(None)
    return (db.session.scalar(select(func.count(SignInFailure.id)).where(*recent)) or 0) >= MAX_OF_ACCOUNT


def _refuse(seconds: int, strangers_only: bool = False) -> None:
    if seconds:
        raise TooManyFailures(seconds, strangers_only)


def _wait(limit: int, window: timedelta, *which: ColumnElement[bool]) -> int:
    """How many seconds until fewer than `limit` of these failures lie within the window."""
    at = now()
    times = select(SignInFailure.created_at).where(_recent(window, at), *which)
    oldest = db.session.scalars(times.order_by(SignInFailure.created_at.desc()).offset(limit - 1).limit(1)).first()
    return ceil((oldest + window - at).total_seconds()) if oldest else 0


def _recent(window: timedelta, at: datetime) -> ColumnElement[bool]:
    # not later than now: a clock that was set back must not keep anyone out
    return SignInFailure.created_at.between(at - window, at)
