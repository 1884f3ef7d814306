"""Know a browser that signed in before, by a long-lived signed cookie (OWASP: "device cookies").

While strangers try passwords for an account, only browsers with such a cookie may sign in to it. The cookie names one
account and its generation, so that it ends with the password, with signing out everywhere and with the account.
"""

from __future__ import annotations

import secrets

from flask import Response

from blog.editors.models import Editor, editor_of
from blog.web.cookies import cookie_values, set_cookie
from blog.web.keyed_hashes import keyed_hash
from blog.web.signed_tokens import read_token, sign_token

COOKIE = "talkback_device"
PURPOSE = "device"
SECONDS = 365 * 24 * 3600
MAX_COOKIE_LENGTH = 300


def device_key(email: str) -> str | None:
    """Find the key of the browser that asks, where it signed in to this account before."""
    editor, cookie = editor_of(email), next(iter(cookie_values(COOKIE)), "")
    value = str(read_token(PURPOSE, cookie[:MAX_COOKIE_LENGTH], SECONDS) or "")
    account, _, nonce = value.rpartition("-")
    known = editor is not None and account == _account(editor)
    return keyed_hash("device", nonce) if known else None


def remember_device(response: Response, editor: Editor) -> Response:
    """Let the browser that just signed in keep a new device cookie."""
    set_cookie(response, COOKIE, sign_token(PURPOSE, f"{_account(editor)}-{secrets.token_hex(16)}"), SECONDS)
    return response


def _account(editor: Editor) -> str:
    return f"{editor.id}-{editor.generation}"
