"""Signing in and out: what a right password begins, what wrong ones cost, and who a session belongs to."""

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
from blog.editors.models import Editor, EditorSession, editor_of
from blog.editors.passwords import hash_password, hashing, is_current, password_fits
from blog.editors.sign_in.password_attempts import (
    HOUR,
    MAX_OF_ACCOUNT,
    account_key,
    begin_attempt,
    check_throttle,
    forget_attempt,
    is_closed_to_strangers,
)
from blog.live.hub import hint
from blog.mail.models import Mail
from blog.mail.outbox import mail_enabled, put_mail, wake_sender
from blog.mail.rendering import render_mail
from blog.site.models import raise_queue_version
from blog.web.keyed_hashes import keyed_hash

log = logging.getLogger(__name__)

REMEMBERED = timedelta(days=30)
NOT_REMEMBERED = timedelta(hours=12)
# for how long an expired session is still known, so that what its editor had just sent can be kept
JUST_EXPIRED = timedelta(hours=1)
WARNING_MAIL = "sign_in"


class AccountChanged(Exception):
    """The account was removed, or its password changed, while somebody signed in."""


def editor_with(email: str, password: str, address_key: str, device_key: str | None = None) -> Editor | None:
    """The editor whose password this is. For a wrong one and for no account alike: None, after the same work.

    Raises TooManyFailures and TooBusy.
    """
    account = account_key(email)
    check_throttle(account, address_key, device_key)
    with hashing():
        attempt, full = _begin_attempt(account, address_key, device_key)
        editor = editor_of(email)
        checked = editor.password_hash if editor else ""
        fits = password_fits(password, checked, old_hashes=_old_hashes_exist())
        renewed = hash_password(password) if fits and not is_current(checked) else checked
    if editor is None or not fits:
        log.info("sign-in failed, account %s", editor.id if editor else "unknown")
        if full:
            raise full
        _warn(email, account)
        return None
    same = Editor.id == editor.id, Editor.password_hash == checked

    def finish() -> None:
        forget_attempt(attempt)
        db.session.execute(update(Editor).where(*same).values(password_hash=renewed))

    write_with_reserve(finish)
    db.session.refresh(editor)
    return editor if editor.password_hash == renewed and editor.removed_at is None else None


def password_is_right(editor: Editor, password: str, address_key: str) -> bool:
    """Check the present password of an editor who is signed in; a stolen session may try few.

    Raises TooManyFailures and TooBusy.
    """
    form = keyed_hash("password-form", str(editor.id))
    check_throttle(form, address_key, form)
    with hashing():
        attempt = begin_attempt(form, address_key, form)
        if not password_fits(password, editor.password_hash):
            log.info("wrong present password, account %d", editor.id)
            return False
    with writing():
        forget_attempt(attempt)
    return True


def begin_session(editor: Editor, remember: bool) -> str:
    """A new session of this editor; the random id goes to the browser, its hash stays here.

    Raises AccountChanged where the account is another than when the editor was loaded.
    """
    session_id, generation = secrets.token_urlsafe(32), editor.generation
    row = {"editor_id": editor.id, "key": _session_key(session_id), "expires_at": _end(remember)}

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


def end_sessions(editor: Editor, but: str = "") -> None:
    """Inside an act: sign the editor out everywhere, but for the session with this id. Live streams end too."""
    others = EditorSession.editor_id == editor.id, EditorSession.key != _session_key(but)
    db.session.execute(delete(EditorSession).where(*others))
    # a stream asks whether it may go on as soon as it has something to send
    raise_queue_version()


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
    theirs = EditorSession.editor_id == editor.id, EditorSession.expires_at > now()
    return db.session.execute(select(func.count(EditorSession.id)).where(*theirs)).scalar_one()


def _warn(email: str, account: str) -> None:
    """Tell the editor by mail, at most once an hour, that strangers try passwords; for no account do the same work."""
    if not mail_enabled() or not is_closed_to_strangers(account):
        return
    letter = render_mail("failures", limit=MAX_OF_ACCOUNT)
    with writing():
        editor = editor_of(email)
        lately = Mail.kind == WARNING_MAIL, Mail.recipient == email.strip().lower(), Mail.created_at > now() - HOUR
        mailed = db.session.scalars(select(Mail.id).where(*lately).limit(1)).first()
        if editor and not mailed:
            put_mail(editor.email, *letter, WARNING_MAIL)
    wake_sender()


def _begin_attempt(account: str, address: str, device: str | None) -> tuple[int, SQLAlchemyError | None]:
    """Begin an attempt; on a full disk return the error instead, since a right password may use the reserve."""
    try:
        return begin_attempt(account, address, device), None
    except SQLAlchemyError as error:
        if not is_disk_full(error):
            raise
        return 0, error


def _old_hashes_exist() -> bool:
    old = Editor.password_hash != "", Editor.password_hash.not_like(f"{passwords.METHOD}$%")
    return db.session.scalars(select(Editor.id).where(*old).limit(1)).first() is not None


def _end(remember: bool) -> datetime:
    return now() + (REMEMBERED if remember else NOT_REMEMBERED)


def _session_key(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
