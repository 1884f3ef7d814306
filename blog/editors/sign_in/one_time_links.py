"""Links that are good once: for the first account, for signing in without a password, for choosing a password.

The token is 256 random bits; the database holds its SHA-256 alone and finds it by that, so that neither a dump nor the
time of an answer tells a token. All processes know all links.
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
    """The link was used, replaced or is too old, or there never was one."""


def add_link(purpose: str, editor: Editor | None = None) -> str:
    """Inside an act: make a link in place of older ones for the same; return its path, which has the token."""
    token = secrets.token_urlsafe(32)
    editor_id = editor.id if editor else None
    same = AccountLink.purpose == purpose, AccountLink.editor_id.is_not_distinct_from(editor_id)
    db.session.execute(delete(AccountLink).where(*same))
    db.session.execute(delete(AccountLink).where(AccountLink.expires_at <= now()))
    expires_at = now() + LIFETIME[purpose]
    db.session.add(AccountLink(purpose=purpose, editor_id=editor_id, key=_key(token), expires_at=expires_at))
    return PATHS[purpose] + token


def find_link(purpose: str, token: str) -> AccountLink:
    """Find the link that this token is of; once there is an owner, none makes another. Raises LinkSpent."""
    same = AccountLink.purpose == purpose, AccountLink.key == _key(token), AccountLink.expires_at > now()
    link = db.session.scalars(select(AccountLink).where(*same)).one_or_none()
    if link is None or (purpose == FIRST_RUN and has_owner()):
        raise LinkSpent
    return link


def use_link(purpose: str, token: str) -> AccountLink:
    """Inside an act: find the link and end it. Raises LinkSpent."""
    link = find_link(purpose, token)
    db.session.delete(link)
    return link


def end_links(editor: Editor) -> None:
    """Inside an act: end all links of this account."""
    db.session.execute(delete(AccountLink).where(AccountLink.editor_id == editor.id))


def _key(token: str) -> str:
    return hashlib.sha256(token[:MAX_TOKEN_LENGTH].encode()).hexdigest()
