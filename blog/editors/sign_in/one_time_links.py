"""Create and use one-time links: first account, sign-in, new password.

The token is 256 random bits. Only its SHA-256 is stored and looked up, so neither a database dump nor response times
reveal it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select

from blog.db import db, now
from blog.editors.models import AccountLink, Editor, has_owner

FIRST_RUN, SIGN_IN, PASSWORD = "first_run", "sign_in", "password"
LIFETIME = {FIRST_RUN: timedelta(hours=1), SIGN_IN: timedelta(hours=1), PASSWORD: timedelta(days=3)}
PATHS = {FIRST_RUN: "/desk/first-run/", SIGN_IN: "/desk/sign-in/", PASSWORD: "/desk/password/"}
MAX_TOKEN_LENGTH = 100


class LinkSpent(Exception):
    """Refuse a link that was used, replaced, expired or never existed."""


def add_link(purpose: str, editor: Editor | None = None) -> str:
    """Replace a link in the current transaction; return its path."""
    token = secrets.token_urlsafe(32)
    editor_id = editor.id if editor else None
    same = AccountLink.purpose == purpose, AccountLink.editor_id.is_not_distinct_from(editor_id)
    db.session.execute(delete(AccountLink).where(*same))
    db.session.execute(delete(AccountLink).where(AccountLink.expires_at <= now()))
    expires_at = now() + LIFETIME[purpose]
    db.session.add(AccountLink(purpose=purpose, editor_id=editor_id, key=_hash_token(token), expires_at=expires_at))
    return PATHS[purpose] + token


def find_link(purpose: str, token: str) -> AccountLink:
    """Return the valid link with this token. Raises LinkSpent.

    No first-run link is valid once an owner exists.
    """
    valid = AccountLink.purpose == purpose, AccountLink.key == _hash_token(token), AccountLink.expires_at > now()
    link = db.session.scalars(select(AccountLink).where(*valid)).one_or_none()
    if link is None or (purpose == FIRST_RUN and has_owner()):
        raise LinkSpent
    return link


def use_link(purpose: str, token: str) -> AccountLink:
    """Find and delete a link in the current transaction. Raises LinkSpent."""
    link = find_link(purpose, token)
    db.session.delete(link)
    return link


def end_links(editor: Editor) -> None:
    """Delete all links of an account in the current transaction."""
    db.session.execute(delete(AccountLink).where(AccountLink.editor_id == editor.id))


def _hash_token(token: str) -> str:
    return hashlib.sha256(token[:MAX_TOKEN_LENGTH].encode()).hexdigest()
