"""Check passwords; begin, find and end editors' sessions."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db, now, writing
from blog.db_errors import is_disk_full
from blog.disk_reserve import write_with_reserve
from blog.editors import passwords
from blog.editors.models import Editor, EditorSession, editor_by_email
from blog.editors.passwords import hash_password, hashing, is_current, password_matches
from blog.editors.sign_in.password_attempts import (
    HOUR,
    MAX_PER_ACCOUNT,
    account_key,
    begin_attempt,
    check_throttle,
    delete_attempt,
    is_closed_to_strangers,
)
from blog.live.hub import hint
from blog.mail.models import Mail
from blog.mail.outbox import mail_enabled, put_mail, wake_sender
from blog.mail.rendering import render_mail
from blog.row_limits import is_limit_reached
from blog.site.models import raise_queue_version
from blog.web.keyed_hashes import keyed_hash

log = logging.getLogger(__name__)

REMEMBERED_LIFETIME = timedelta(days=30)
DEFAULT_LIFETIME = timedelta(hours=12)
# expired sessions are recognized this long, so that a photo sent too late can be stored
GRACE_PERIOD = timedelta(hours=1)
WARNING_MAIL = "sign_in"


class AccountChanged(Exception):
    """Refuse a sign-in because the account or its password changed meanwhile."""


def authenticate(email: str, password: str, address_key: str, device_key: str | None = None) -> Editor | None:
    """Return the editor with this address and password, or None.

    An unknown account takes the same work as a wrong password. Raises TooManyFailures and TooBusy.
    """
    account = account_key(email)
    check_throttle(account, address_key, device_key)
    with hashing():
        attempt, disk_full = _begin_attempt(account, address_key, device_key)
        editor = editor_by_email(email)
        old_hash = editor.password_hash if editor else ""
        matches = password_matches(password, old_hash, old_hashes=_old_hashes_exist())
        new_hash = hash_password(password) if matches and not is_current(old_hash) else old_hash
    if editor is None or not matches:
        log.info("sign-in failed, account %s", editor.id if editor else "unknown")
        if disk_full:
            raise disk_full
        _warn_of_attempts(email, account)
        return None
    unchanged = Editor.id == editor.id, Editor.password_hash == old_hash

    def finish() -> None:
        delete_attempt(attempt)
        db.session.execute(update(Editor).where(*unchanged).values(password_hash=new_hash))

    write_with_reserve(finish)
    db.session.refresh(editor)
    return editor if editor.password_hash == new_hash and editor.removed_at is None else None


def verify_current_password(editor: Editor, password: str, address_key: str) -> bool:
    """Check the current password of a signed-in editor; throttled against stolen sessions.

    Raises TooManyFailures and TooBusy.
    """
    form = keyed_hash("password-form", str(editor.id))
    check_throttle(form, address_key, form)
    with hashing():
        attempt = begin_attempt(form, address_key, form)
        if not password_matches(password, editor.password_hash):
            log.info("wrong present password, account %d", editor.id)
            return False
    with writing(affects="nothing"):
        delete_attempt(attempt)
    return True


def begin_session(editor: Editor, remember: bool) -> str:
    """Begin a session; return its random id. Only the hash is stored.

    Raises AccountChanged if the account changed since the editor was loaded.
    """
    session_id, generation = secrets.token_urlsafe(32), editor.generation
    row = {"editor_id": editor.id, "key": _session_key(session_id), "expires_at": _expiry(remember)}

    def begin() -> None:
        if editor.generation != generation or editor.removed_at is not None:
            raise AccountChanged
        db.session.add(EditorSession(**row))

    write_with_reserve(begin)
    log.info("signed in, account %d", editor.id)
    return session_id


def end_session(session_id: str) -> None:
    editor = editor_of_session(session_id)

    def end() -> None:
        db.session.execute(delete(EditorSession).where(EditorSession.key == _session_key(session_id)))
        raise_queue_version()

    write_with_reserve(end)
    hint("desk")
    log.info("signed out, account %s", editor.id if editor else "unknown")


def end_sessions(editor: Editor, except_id: str = "") -> None:
    """End sessions and live streams, except one, in the current transaction."""
    others = EditorSession.editor_id == editor.id, EditorSession.key != _session_key(except_id)
    db.session.execute(delete(EditorSession).where(*others))
    # streams check their session before they send the next event
    raise_queue_version()


def editor_of_session(session_id: str) -> Editor | None:
    session = _find_session(session_id)
    return session.editor if session and session.expires_at > now() else None


def recently_expired_session(session_id: str) -> EditorSession | None:
    """Return the session if it expired within the grace period."""
    session, at = _find_session(session_id), now()
    return session if session and at - GRACE_PERIOD < session.expires_at <= at else None


def _find_session(session_id: str) -> EditorSession | None:
    return db.session.scalars(select(EditorSession).where(EditorSession.key == _session_key(session_id))).one_or_none()


def count_sessions(editor: Editor) -> int:
    active = EditorSession.editor_id == editor.id, EditorSession.expires_at > now()
    return db.session.execute(select(func.count(EditorSession.id)).where(*active)).scalar_one()


def _warn_of_attempts(email: str, account: str) -> None:
    """Mail the editor about password guessing, at most once an hour.

    An unknown account takes the same work.
    """
    if not mail_enabled() or not is_closed_to_strangers(account):
        return
    mail = render_mail("failures", limit=MAX_PER_ACCOUNT)
    with writing(affects="nothing"):
        editor = editor_by_email(email)
        same = Mail.kind == WARNING_MAIL, Mail.recipient == email.strip().lower()
        already_mailed = is_limit_reached(Mail.created_at, [(1, HOUR)], now(), *same)
        if editor and not already_mailed:
            put_mail(editor.email, *mail, WARNING_MAIL)
    wake_sender()


def _begin_attempt(account: str, address: str, device: str | None) -> tuple[int, SQLAlchemyError | None]:
    """Begin an attempt; on a full disk return the error instead."""
    try:
        return begin_attempt(account, address, device), None
    except SQLAlchemyError as error:
        if not is_disk_full(error):
            raise
        # a correct password may still use the disk reserve
        return 0, error


def _old_hashes_exist() -> bool:
    old = Editor.password_hash != "", Editor.password_hash.not_like(f"{passwords.METHOD}$%")
    return db.session.scalars(select(Editor.id).where(*old).limit(1)).first() is not None


def _expiry(remember: bool) -> datetime:
    return now() + (REMEMBERED_LIFETIME if remember else DEFAULT_LIFETIME)


def _session_key(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
