"""Identify readers by a signed cookie, and editors by their session.

Only answers to people who write set the cookie; reading a page never does. The database stores a keyed hash of the
cookie's random number, so nobody who reads the database can pass for a reader.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from flask import Response, current_app, g, request, session
from itsdangerous import BadSignature, Signer
from sqlalchemy import select

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.db import db
from blog.editors.access import current_editor
from blog.editors.models import Editor
from blog.web.cookies import cookie_name, cookie_values, set_cookie
from blog.web.keyed_hashes import address_key, keyed_hash

COOKIE = "talkback_reader"
COOKIE_SECONDS = 365 * 24 * 3600
READER_NUMBER = re.compile(r"[A-Za-z0-9_-]{16,64}")


def ensure_reader_key() -> str:
    """Return the reader's key and set the cookie for another year.

    A new reader gets a new key. `set_reader_cookie` sends the number behind it with this answer.
    """
    g.reader_number = _reader_number() or secrets.token_urlsafe(16)
    return _key(g.reader_number)


def reader_from_cookie() -> str | None:
    """Return the key of a known reader; None without a valid cookie."""
    number = _reader_number()
    return _key(number) if number else None


def current_visitor(ensure_key: bool = False) -> Visitor:
    """Return who sent this request. `ensure_key` sets the cookie for a new reader."""
    key = ensure_reader_key() if ensure_key else reader_from_cookie()
    return Visitor(key, address_key(request.remote_addr), current_editor())


def set_reader_cookie(response: Response) -> Response:
    """Set the cookie for another year if this request ensured a key."""
    if number := g.pop("reader_number", None):
        set_cookie(response, COOKIE, _signer().sign(number).decode(), COOKIE_SECONDS)
    return response


def migrate_session_key() -> None:
    """Replace a plain key in session and comments by its hash; avatars depend on it."""
    if not (old := session.get("reader")):
        return
    key = ensure_reader_key()
    with changing_threads(notify=False):
        for comment in db.session.scalars(select(Comment).where(Comment.reader_key == old)):
            comment.reader_key = key
    session.pop("reader")


def _reader_number() -> str | None:
    if pending := g.get("reader_number"):
        return str(pending)
    values = cookie_values(COOKIE)
    numbers = [*(_unsign(value) for value in values), str(session.get("reader", ""))]
    number = next((number for number in numbers if READER_NUMBER.fullmatch(number)), None)
    if number and values and cookie_name(COOKIE) not in request.cookies:
        g.reader_number = number  # the cookie has its old name: send it again under the new one
    return number


def _unsign(value: str) -> str:
    try:
        return _signer().unsign(value).decode()
    except (BadSignature, UnicodeDecodeError):
        return ""


def _key(number: str) -> str:
    return keyed_hash("reader", number)


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="reader", key_derivation="hmac", digest_method=hashlib.sha256)


@dataclass(frozen=True)
class Visitor:
    """Identify who writes, edits, agrees or reports.

    `reader_key` is None for somebody who has written nothing yet, `editor` for readers.
    """

    reader_key: str | None
    address_key: str
    editor: Editor | None = None

    @property
    def editor_id(self) -> int | None:
        return self.editor.id if self.editor else None

    def may_edit(self, comment: Comment) -> bool:
        """Tell whether this browser and account may edit the comment (strict rule).

        An editor's comment needs that editor's session too, since others may use the same browser later.
        """
        by_key = self.reader_key is not None and comment.reader_key == self.reader_key
        return by_key and comment.editor_id in {None, self.editor_id}

    def is_author(self, comment: Comment) -> bool:
        """Tell whether this browser or account wrote the comment (broad rule).

        Nobody may agree with their own comment. So one match is enough, which stops an editor in another browser
        and the browser of an editor who signed out.
        """
        by_editor = comment.editor_id is not None and comment.editor_id == self.editor_id
        return by_editor or (self.reader_key is not None and comment.reader_key == self.reader_key)
