"""Signing in and out: what a right password begins, what wrong ones cost, and who a session belongs to."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from blog.db import db, now, writing
from blog.editors.models import Editor, EditorSession, SignInFailure, editor_of
from blog.editors.passwords import fits
from blog.reserve import write_with_reserve
from blog.security import keyed_hash

REMEMBERED = timedelta(days=30)
NOT_REMEMBERED = timedelta(hours=12)
# for how long an expired session is still known, so that what its editor had just sent can be kept
JUST_EXPIRED = timedelta(hours=1)

# by network address, and by the account from that address; never by the account alone, or anybody could lock it
WINDOW = timedelta(minutes=10)
FAILURES_OF_ADDRESS = 20
FAILURES_OF_ACCOUNT = 5


def seconds_to_wait(email: str, address_key: str) -> int:
    """How long this network address must wait before it may try this account again; 0 for not at all."""
    here = SignInFailure.address_key == address_key
    account = SignInFailure.account_key == _account_key(email)
    return max(_wait(FAILURES_OF_ADDRESS, here), _wait(FAILURES_OF_ACCOUNT, here, account))


def _wait(most: int, *whose: ColumnElement[bool]) -> int:
    at = now()
    # not later than now: a clock that was set back must not keep anyone out
    recent = SignInFailure.created_at.between(at - WINDOW, at)
    times = select(SignInFailure.created_at).where(recent, *whose).order_by(SignInFailure.created_at.desc())
    oldest = db.session.scalars(times.offset(most - 1).limit(1)).one_or_none()
    return int((oldest + WINDOW - at).total_seconds()) + 1 if oldest else 0


def editor_with(email: str, password: str, address_key: str) -> Editor | None:
    """The editor whose password this is. For a wrong one and for no account alike: None, after the same time."""
    editor = editor_of(email)
    if fits(password, editor.password_hash if editor else None):
        return editor
    with writing():
        db.session.add(SignInFailure(account_key=_account_key(email), address_key=address_key))
    return None


def begin_session(editor: Editor, remember: bool) -> str:
    """A new session of this editor; the random id goes to the browser, its hash stays here."""
    session_id = secrets.token_urlsafe(32)
    row = {"editor_id": editor.id, "key": _session_key(session_id), "expires_at": _end(remember)}
    write_with_reserve(lambda: db.session.add(EditorSession(**row)))
    return session_id


def end_session(session_id: str) -> None:
    this = EditorSession.key == _session_key(session_id)
    write_with_reserve(lambda: db.session.execute(delete(EditorSession).where(this)))


def end_other_sessions(editor: Editor, session_id: str) -> None:
    """Inside an act: sign the editor out everywhere but here."""
    others = EditorSession.editor_id == editor.id, EditorSession.key != _session_key(session_id)
    db.session.execute(delete(EditorSession).where(*others))


def editor_of_session(session_id: str) -> Editor | None:
    session = _session(session_id)
    return session.editor if session and session.expires_at > now() else None


def just_expired(session_id: str) -> EditorSession | None:
    """Return the session if it ended by its time within the last hour, not by signing out or with its account."""
    session, at = _session(session_id), now()
    return session if session and at - JUST_EXPIRED < session.expires_at <= at else None


def _session(session_id: str) -> EditorSession | None:
    return db.session.scalars(select(EditorSession).where(EditorSession.key == _session_key(session_id))).one_or_none()


def sessions_of(editor: Editor) -> int:
    counted = select(func.count(EditorSession.id)).where(EditorSession.editor_id == editor.id)
    return db.session.execute(counted).scalar_one()


def _end(remember: bool) -> datetime:
    return now() + (REMEMBERED if remember else NOT_REMEMBERED)


def _session_key(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _account_key(email: str) -> str:
    return keyed_hash("account", email.strip().lower())
