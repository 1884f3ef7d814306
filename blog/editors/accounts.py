"""Add, change and remove accounts. What an account was given ends in the same transaction that changes it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blog.db import db, now, writing
from blog.editors.models import AT_ONCE, NEVER, OWNER, Editor, has_owner, owner_count
from blog.editors.passwords import hash_password, hashing
from blog.editors.sessions import WARNING_MAIL, end_sessions
from blog.editors.sign_in.one_time_links import FIRST_RUN, PASSWORD, SIGN_IN, add_link, end_links, use_link
from blog.live.hub import hint
from blog.mail.models import Mail
from blog.mail.outbox import delete_unsent
from blog.mail.status import TEST

log = logging.getLogger(__name__)

# the kinds of mail that somebody gets as an editor; "held" tells of responses that wait
EDITORS_MAIL = ("held", WARNING_MAIL, TEST)


class Taken(Exception):
    """An account with this e-mail address already exists."""


class OwnerExists(Exception):
    """There is an owner already, who adds all others."""


class LastOwner(Exception):
    """A blog without an owner could not be managed, so its last one stays."""


class NotAllowed(Exception):
    """Whoever asked is no owner any longer, or the account is gone."""


def add_owner(email: str, name: str, password: str, token: str = "") -> Editor:
    """Add the first account, by a first-run link where a token is given. Of several at once, one succeeds.

    Raises OwnerExists, Taken, LinkSpent and TooBusy.
    """
    owner = _account(email, name, OWNER, password)
    with _unique_address(), writing():
        if has_owner():
            raise OwnerExists
        if token:
            use_link(FIRST_RUN, token)
        db.session.add(owner)
    log.info("account %d added, the first owner", owner.id)
    return owner


def first_run_link() -> str:
    """Make the link for the first account, in place of older ones; return its path. Raises OwnerExists."""
    with writing():
        if has_owner():
            raise OwnerExists
        return add_link(FIRST_RUN)


def add_editor(email: str, name: str, role: str, password: str, by: Editor | None = None) -> Editor:
    """Add an account; without a password nobody can sign in to it before one is set by a link.

    `by` is the owner who asks, None on the command line. Raises Taken, NotAllowed and TooBusy.
    """
    editor = _account(email, name, role, password)
    with _unique_address(), writing():
        _check_owner(by)
        db.session.add(editor)
    log.info("account %d added as %s by %s", editor.id, role, _name(by))
    return editor


def password_link(editor: Editor, by: Editor | None = None) -> str:
    """Make a link by which an editor chooses a password; return its path. Raises NotAllowed."""
    return _link(editor, PASSWORD, by)


def sign_in_link(editor: Editor) -> str:
    """Make a link that signs an editor in; return its path. Raises NotAllowed."""
    return _link(editor, SIGN_IN, None)


def use_sign_in_link(token: str) -> Editor:
    """End a sign-in link; return its editor. Raises LinkSpent."""
    with writing():
        editor_id = use_link(SIGN_IN, token).editor_id
        return db.session.get_one(Editor, editor_id)


def use_password_link(token: str, password: str) -> Editor:
    """Set a password by a link, which ends with every session and other link. Raises LinkSpent and TooBusy."""
    with hashing():
        password_hash = hash_password(password)
    with writing():
        editor = db.session.get_one(Editor, use_link(PASSWORD, token).editor_id)
        db.session.flush()
        _set_password(editor, password_hash)
    hint("desk")
    log.info("password of account %d set by a link", editor.id)
    return editor


def change_password(editor: Editor, password: str, session_id: str = "") -> None:
    """Set a new password and end everything but this session. Raises NotAllowed and TooBusy."""
    with hashing():
        password_hash = hash_password(password)
    with writing():
        _check_account(editor)
        _set_password(editor, password_hash, session_id)
    hint("desk")
    log.info("password of account %d changed by %s", editor.id, _name(editor if session_id else None))


def change_role(editor: Editor, role: str, by: Editor | None = None) -> None:
    """Give an account another role. Raises LastOwner and NotAllowed."""
    with writing():
        _check_owner(by)
        _check_account(editor)
        if role != OWNER:
            _check_not_last(editor)
        editor.role = role
    log.info("account %d is now %s, by %s", editor.id, role, _name(by))


def sign_out(editor: Editor, by: Editor | None = None) -> None:
    """End all sessions, links and known browsers of an account. Raises NotAllowed."""
    with writing():
        _check_owner(by)
        _check_account(editor)
        _end_access(editor)
    hint("desk")
    log.info("account %d signed out by %s", editor.id, _name(by))


def remove_editor(editor: Editor, by: Editor | None = None) -> None:
    """Remove an account. Its name stays with its posts, responses and decisions, its e-mail address goes.

    Raises LastOwner and NotAllowed.
    """
    with writing():
        _check_owner(by)
        _check_account(editor)
        _check_not_last(editor)
        _end_access(editor)
        waiting = Mail.recipient == editor.email, Mail.kind.in_(EDITORS_MAIL), Mail.due_at.is_not(None)
        delete_unsent(list(db.session.scalars(select(Mail.id).where(*waiting))))
        editor.removed_at, editor.held_mail, editor.password_hash = now(), NEVER, ""
        editor.email = f"removed-{editor.id}"  # free for another account, and no address that mail goes to
    hint("desk")
    log.info("account %d removed by %s", editor.id, _name(by))


@contextmanager
def _unique_address() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Taken from error


def account_mark(editor: Editor) -> str:
    """What a link in mail is bound to, so that it ends with the password that it was written under."""
    return f"g{editor.generation}"


def _account(email: str, name: str, role: str, password: str) -> Editor:
    told = AT_ONCE if role == OWNER else NEVER
    password_hash = ""
    if password:
        with hashing():
            password_hash = hash_password(password)
    return Editor(email=email.strip().lower(), name=name, role=role, password_hash=password_hash, held_mail=told)


def _link(editor: Editor, purpose: str, by: Editor | None) -> str:
    with writing():
        _check_owner(by)
        _check_account(editor)
        path = add_link(purpose, editor)
    log.info("%s link for account %d made by %s", purpose.replace("_", "-"), editor.id, _name(by))
    return path


def _set_password(editor: Editor, password_hash: str, session_id: str = "") -> None:
    editor.password_hash = password_hash
    _end_access(editor, session_id)


def _end_access(editor: Editor, session_id: str = "") -> None:
    editor.generation += 1
    end_links(editor)
    end_sessions(editor, session_id)


def _check_owner(by: Editor | None) -> None:
    """Refuse an owner who was removed or demoted after the request came."""
    if by is not None and (by.removed_at is not None or by.role != OWNER):
        raise NotAllowed


def _check_account(editor: Editor) -> None:
    if editor.removed_at is not None:
        raise NotAllowed


def _check_not_last(editor: Editor) -> None:
    if editor.role == OWNER and owner_count() == 1:
        raise LastOwner


def _name(by: Editor | None) -> str:
    return f"account {by.id}" if by else "command"
