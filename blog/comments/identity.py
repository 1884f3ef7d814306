"""Identify readers by a signed cookie, and editors by their session.

Only answers to people who write set the cookie; reading a page never does. The database stores a keyed hash of the
cookie's random number, so nobody who reads the database can pass for a reader.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TypeVar

from flask import Response, current_app, g, request, session
from itsdangerous import BadSignature, Signer
from sqlalchemy import select, update

from blog.comments.models import Agreement, Comment, Report
from blog.db import db, writing
from blog.editors.access import current_editor
from blog.web.cookies import cookie_name, cookie_values, set_cookie
from blog.web.keyed_hashes import address_key, keyed_hash

COOKIE = "talkback_reader"
COOKIE_SECONDS = 365 * 24 * 3600
READER_NUMBER = re.compile(r"[A-Za-z0-9_-]{16,64}")


def ensure_reader_key() -> str:
    """Return the reader's key; mint one for a new reader.

    `set_reader_cookie` then sends the number behind it with this answer.
    """
    g.reader_number = _reader_number() or secrets.token_urlsafe(16)
    return _key(g.reader_number)


def reader_from_cookie() -> str | None:
    """Return the key of a known reader; None without a valid cookie."""
    number = _reader_number()
    return _key(number) if number else None


def current_reader() -> Writer:
    """Return the reader and the signed-in editor of this request."""
    editor = current_editor()
    return Writer(reader_from_cookie(), editor.id if editor else None)


def current_voice(ensure_key: bool = False) -> Voice:
    """Return who agrees or reports; `ensure_key` mints a missing reader key."""
    editor = current_editor()
    key = ensure_reader_key() if ensure_key else reader_from_cookie()
    return Voice(key, address_key(request.remote_addr), editor.id if editor else None)


def set_reader_cookie(response: Response) -> Response:
    """Set the cookie for another year if this request ensured a key."""
    if number := g.pop("reader_number", None):
        set_cookie(response, COOKIE, _signer().sign(number).decode(), COOKIE_SECONDS)
    return response


def migrate_session_key() -> None:
    """Replace a plain key in session and comments by its hash."""
    if not (old := session.get("reader")):
        return
    with writing():
        theirs = update(Comment).where(Comment.reader_key == old)
        db.session.execute(theirs.values(reader_key=ensure_reader_key(), updated_at=Comment.updated_at))
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


Reaction = TypeVar("Reaction", Agreement, Report)


@dataclass(frozen=True)
class Voice:
    """Identify who agrees or reports: reader key, address key and signed-in editor.

    `reader_key` is None for somebody who has written nothing yet.
    """

    reader_key: str | None
    address_key: str
    editor_id: int | None = None

    def is_author(self, comment: Comment) -> bool:
        """Tell whether this browser or account wrote the comment (broad rule).

        Nobody may agree with their own comment. So one match is enough, which stops an editor in another browser
        and the browser of an editor who signed out. `Writer.may_edit` is the strict rule. Both are needed.
        """
        by_editor = comment.editor_id is not None and comment.editor_id == self.editor_id
        return by_editor or (self.reader_key is not None and comment.reader_key == self.reader_key)

    def find(self, comment: Comment, record: type[Reaction]) -> Reaction | None:
        """Return this reader's agreement with a comment, or report of it."""
        return self._one(record, comment, record.reader_key, self.reader_key)

    def find_at_address(self, comment: Comment, record: type[Reaction]) -> Reaction | None:
        """Return the agreement or report of anybody at this address."""
        return self._one(record, comment, record.address_key, self.address_key)

    def _one(self, record: type[Reaction], comment: Comment, column: object, key: str | None) -> Reaction | None:
        found = select(record).where(record.comment_id == comment.id, column == key)  # type: ignore[arg-type]
        return db.session.scalars(found).one_or_none() if key else None


@dataclass(frozen=True)
class Writer:
    """Identify who edits: the browser's reader key and the signed-in editor."""

    key: str | None
    editor_id: int | None = None

    def may_edit(self, comment: Comment) -> bool:
        """Tell whether this browser and account may edit the comment (strict rule).

        An editor's comment needs that editor's session too, since others may use the same browser later.
        `Voice.is_author` is the broad rule, for what authors must not do. Both are needed.
        """
        by_key = self.key is not None and comment.reader_key == self.key
        return by_key and comment.editor_id in {None, self.editor_id}
