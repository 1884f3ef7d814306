"""Recognize browsers that signed in before, by a signed device cookie (OWASP).

While others guess passwords for an account, only browsers with its cookie may sign in. The cookie contains the account
and its generation, so a new password, signing out everywhere or removal revokes it.
"""

from __future__ import annotations

import secrets

from flask import Response

from blog.editors.models import Editor, editor_by_email
from blog.web.cookies import cookies_named, set_cookie
from blog.web.keyed_hashes import keyed_hash
from blog.web.signed_tokens import said, signed

COOKIE = "talkback_device"
PURPOSE = "device"
LIFETIME_SECONDS = 365 * 24 * 3600
MAX_COOKIE_LENGTH = 300


def device_key(email: str) -> str | None:
    """Return this browser's key if it signed in to the account before."""
    editor, cookie = editor_by_email(email), next(iter(cookies_named(COOKIE)), "")
    value = str(said(PURPOSE, cookie[:MAX_COOKIE_LENGTH], LIFETIME_SECONDS) or "")
    account, _, nonce = value.rpartition("-")
    known = editor is not None and account == _account(editor)
    return keyed_hash("device", nonce) if known else None


def remember_device(response: Response, editor: Editor) -> Response:
    """Set a new device cookie for this browser."""
    set_cookie(response, COOKIE, signed(PURPOSE, f"{_account(editor)}-{secrets.token_hex(16)}"), LIFETIME_SECONDS)
    return response


def _account(editor: Editor) -> str:
    return f"{editor.id}-{editor.generation}"
