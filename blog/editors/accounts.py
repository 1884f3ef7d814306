"""Making accounts and changing their passwords."""

from __future__ import annotations

import hmac

from sqlalchemy.exc import IntegrityError

from blog.db import db, writing
from blog.editors.models import AT_ONCE, NEVER, OWNER, Editor, owner_stands
from blog.editors.passwords import hashed
from blog.editors.signing_in import end_other_sessions
from blog.security import keyed_hash


class Taken(Exception):
    """There is an account with this e-mail address already, or an owner."""


def first_run_token() -> str:
    """What the first-run link ends in; the same at each start, since it is made from the secret key."""
    return keyed_hash("first-run", "owner")[:40]


def first_run_open(token: str) -> bool:
    """Whether this link may still make the owner's account."""
    return hmac.compare_digest(token.encode(), first_run_token().encode()) and not owner_stands()


def add_owner(email: str, name: str, password: str) -> Editor:
    """The first account; Taken where an owner stands, however many ask at once."""
    return _add(_account(email, name, OWNER, password), first=True)


def add_editor(email: str, name: str, role: str, password: str) -> Editor:
    """One more account; Taken where its e-mail address has one."""
    return _add(_account(email, name, role, password))


def change_password(editor: Editor, password: str, session_id: str) -> None:
    """A new password, by which nobody else stays signed in."""
    password_hash = hashed(password)
    with writing():
        db.session.get_one(Editor, editor.id).password_hash = password_hash
        end_other_sessions(editor, session_id)


def account_mark(editor: Editor) -> str:
    """What a link in mail is bound to, so that it ends with the password that it was written under."""
    return keyed_hash("account-mark", editor.password_hash)[:16]


def _account(email: str, name: str, role: str, password: str) -> Editor:
    told = AT_ONCE if role == OWNER else NEVER
    return Editor(email=email.strip().lower(), name=name, role=role, password_hash=hashed(password), held_mail=told)


def _add(editor: Editor, first: bool = False) -> Editor:
    try:
        with writing():
            if first and owner_stands():
                raise Taken
            db.session.add(editor)
    except IntegrityError as error:
        raise Taken from error
    return editor
