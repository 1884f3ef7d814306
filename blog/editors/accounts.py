"""Add, change and remove accounts.

A new password, signing out and removal revoke sessions, links and device cookies in the same transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blog.db import db, now, writing
from blog.editors.models import IMMEDIATE, NEVER, OWNER, Editor, has_owner, owner_count
from blog.editors.passwords import hash_password, hashing
from blog.editors.sessions import WARNING_MAIL, end_sessions
from blog.editors.sign_in.one_time_links import FIRST_RUN, PASSWORD, SIGN_IN, add_link, end_links, use_link
from blog.live.hub import hint
from blog.mail.models import Mail
from blog.mail.outbox import delete_unsent
from blog.mail.status import TEST

log = logging.getLogger(__name__)

# "held" is the kind of the alerts about held comments
EDITOR_MAIL_KINDS = ("held", WARNING_MAIL, TEST)


class EmailTaken(Exception):
    """Refuse an e-mail address that another account has."""


class OwnerExists(Exception):
    """Refuse a second first account."""


class LastOwner(Exception):
    """Refuse to remove or demote the last owner."""


class NotAllowed(Exception):
    """Refuse an actor who lost the role, or a removed account."""


def add_owner(email: str, name: str, password: str, token: str = "") -> Editor:
    """Add the first account; with a token, use up its first-run link.

    Of several concurrent requests one succeeds. Raises OwnerExists, EmailTaken, LinkSpent and TooBusy.
    """
    owner = _new_account(email, name, OWNER, password)
    with _reject_taken_email(), writing(affects="nothing"):
        if has_owner():
            raise OwnerExists
        if token:
            use_link(FIRST_RUN, token)
        db.session.add(owner)
    log.info("account %d added, the first owner", owner.id)
    return owner


def create_first_run_link() -> str:
    """Replace the link for the first account; return its path. Raises OwnerExists."""
    with writing(affects="nothing"):
        if has_owner():
            raise OwnerExists
        return add_link(FIRST_RUN)


def add_editor(email: str, name: str, role: str, password: str, by: Editor | None = None) -> Editor:
    """Add an account, with or without a password.

    `by` is the acting owner, None on the command line. Raises EmailTaken, NotAllowed and TooBusy.
    """
    editor = _new_account(email, name, role, password)
    with _reject_taken_email(), writing(affects="nothing"):
        _check_owner(by)
        db.session.add(editor)
    log.info("account %d added as %s by %s", editor.id, role, _actor(by))
    return editor


def create_password_link(editor: Editor, by: Editor | None = None) -> str:
    """Create a link to choose a password; return its path. Raises NotAllowed."""
    return _create_link(editor, PASSWORD, by)


def create_sign_in_link(editor: Editor) -> str:
    """Create a one-time sign-in link; return its path. Raises NotAllowed."""
    return _create_link(editor, SIGN_IN, None)


def use_sign_in_link(token: str) -> Editor:
    """Use up a sign-in link; return its editor. Raises LinkSpent."""
    with writing(affects="nothing"):
        editor_id = use_link(SIGN_IN, token).editor_id
        return db.session.get_one(Editor, editor_id)


def set_password_by_link(token: str, password: str) -> Editor:
    """Set a password by a link and revoke everything else.

    Raises LinkSpent and TooBusy.
    """
    with hashing():
        password_hash = hash_password(password)
    with writing(affects="nothing"):
        editor = db.session.get_one(Editor, use_link(PASSWORD, token).editor_id)
        db.session.flush()
        _set_password(editor, password_hash)
    hint("desk")
    log.info("password of account %d set by a link", editor.id)
    return editor


def change_password(editor: Editor, password: str, session_id: str = "") -> None:
    """Set a password; revoke everything but this session. Raises NotAllowed and TooBusy."""
    with hashing():
        password_hash = hash_password(password)
    with writing(affects="nothing"):
        _check_active(editor)
        _set_password(editor, password_hash, session_id)
    hint("desk")
    log.info("password of account %d changed by %s", editor.id, _actor(editor if session_id else None))


def change_role(editor: Editor, role: str, by: Editor | None = None) -> None:
    """Change the role of an account. Raises LastOwner and NotAllowed."""
    with writing(affects="nothing"):
        _check_owner(by)
        _check_active(editor)
        if role != OWNER:
            _check_not_last(editor)
        editor.role = role
    log.info("account %d is now %s, by %s", editor.id, role, _actor(by))


def sign_out(editor: Editor, by: Editor | None = None) -> None:
    """Revoke all sessions, links and device cookies of an account. Raises NotAllowed."""
    with writing(affects="nothing"):
        _check_owner(by)
        _check_active(editor)
        _revoke_access(editor)
    hint("desk")
    log.info("account %d signed out by %s", editor.id, _actor(by))


def remove_editor(editor: Editor, by: Editor | None = None) -> None:
    """Remove an account: delete its address, keep its name.

    Raises LastOwner and NotAllowed.
    """
    with writing(affects="nothing"):
        _check_owner(by)
        _check_active(editor)
        _check_not_last(editor)
        _revoke_access(editor)
        unsent = Mail.recipient == editor.email, Mail.kind.in_(EDITOR_MAIL_KINDS), Mail.due_at.is_not(None)
        delete_unsent(list(db.session.scalars(select(Mail.id).where(*unsent))))
        editor.removed_at, editor.held_mail, editor.password_hash = now(), NEVER, ""
        editor.email = f"removed-{editor.id}"  # unique, and no address that mail can be sent to
    hint("desk")
    log.info("account %d removed by %s", editor.id, _actor(by))


@contextmanager
def _reject_taken_email() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise EmailTaken from error


def generation_tag(editor: Editor) -> str:
    """Return a tag for links in mail that changes with the password."""
    return f"g{editor.generation}"


def _new_account(email: str, name: str, role: str, password: str) -> Editor:
    held_mail = IMMEDIATE if role == OWNER else NEVER
    password_hash = ""
    if password:
        with hashing():
            password_hash = hash_password(password)
    return Editor(email=email.strip().lower(), name=name, role=role, password_hash=password_hash, held_mail=held_mail)


def _create_link(editor: Editor, purpose: str, by: Editor | None) -> str:
    with writing(affects="nothing"):
        _check_owner(by)
        _check_active(editor)
        path = add_link(purpose, editor)
    log.info("%s link for account %d made by %s", purpose.replace("_", "-"), editor.id, _actor(by))
    return path


def _set_password(editor: Editor, password_hash: str, session_id: str = "") -> None:
    editor.password_hash = password_hash
    _revoke_access(editor, session_id)


def _revoke_access(editor: Editor, session_id: str = "") -> None:
    editor.generation += 1
    end_links(editor)
    end_sessions(editor, session_id)


def _check_owner(by: Editor | None) -> None:
    """Refuse an owner who was removed or demoted meanwhile. Raises NotAllowed."""
    if by is not None and (by.removed_at is not None or by.role != OWNER):
        raise NotAllowed


def _check_active(editor: Editor) -> None:
    if editor.removed_at is not None:
        raise NotAllowed


def _check_not_last(editor: Editor) -> None:
    if editor.role == OWNER and owner_count() == 1:
        raise LastOwner


def _actor(by: Editor | None) -> str:
    return f"account {by.id}" if by else "command"
