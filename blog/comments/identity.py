"""Who writes, as a signed cookie tells: given by the answers that a writer gets, never by a page that is read."""

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
SECONDS = 365 * 24 * 3600
NUMBER = re.compile(r"[A-Za-z0-9_-]{16,64}")


def reader_key() -> str:
    """The key of whoever writes, made at the first writing. Its number goes out with this answer alone; what is kept
    and compared is a hash of it, so that nobody who reads the database can pass for a reader.
    """
    g.reader_number = _number() or secrets.token_urlsafe(16)
    return _key(g.reader_number)


def reader_from_cookie() -> str | None:
    """The key of one who has written here before; None for anybody else, and where the cookie is not ours."""
    number = _number()
    return _key(number) if number else None


def current_reader() -> Writer:
    """Whoever asks, as far as this browser's cookies tell."""
    editor = current_editor()
    return Writer(reader_from_cookie(), editor.id if editor else None)


def current_voice(speaking: bool = False) -> Voice:
    """Whoever asks; once `speaking`, with a key, which the answer then gives to the browser."""
    editor = current_editor()
    key = reader_key() if speaking else reader_from_cookie()
    return Voice(key, address_key(request.remote_addr), editor.id if editor else None)


def remember(response: Response) -> Response:
    """After an answer that asked for the writer's key: let the browser keep it for another year."""
    if number := g.pop("reader_number", None):
        set_cookie(response, COOKIE, _signer().sign(number).decode(), SECONDS)
    return response


def migrate_session_key() -> None:
    """A key that still lies in the session, in clear, as do its comments: from now on both go by the hash."""
    if not (old := session.get("reader")):
        return
    with writing():
        theirs = update(Comment).where(Comment.reader_key == old)
        db.session.execute(theirs.values(reader_key=reader_key(), updated_at=Comment.updated_at))
    session.pop("reader")


def _number() -> str | None:
    if standing := g.get("reader_number"):
        return str(standing)
    values = cookie_values(COOKIE)
    numbers = [*(_unsigned(value) for value in values), str(session.get("reader", ""))]
    number = next((number for number in numbers if NUMBER.fullmatch(number)), None)
    if number and values and cookie_name(COOKIE) not in request.cookies:
        g.reader_number = number  # came by the bare name, and goes back by the present one
    return number


def _unsigned(value: str) -> str:
    try:
        return _signer().unsign(value).decode()
    except (BadSignature, UnicodeDecodeError):
        return ""


def _key(number: str) -> str:
    return keyed_hash("reader", number)


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="reader", key_derivation="hmac", digest_method=hashlib.sha256)


Record = TypeVar("Record", Agreement, Report)


@dataclass(frozen=True)
class Voice:
    """A reader's key (none before anything was written), the address's, and the editor who is signed in."""

    reader_key: str | None
    address_key: str
    editor_id: int | None = None

    def wrote(self, comment: Comment) -> bool:
        by_editor = comment.editor_id is not None and comment.editor_id == self.editor_id
        return by_editor or (self.reader_key is not None and comment.reader_key == self.reader_key)

    def on(self, comment: Comment, record: type[Record]) -> Record | None:
        """This reader's agreement with the comment, or report of it."""
        return self._one(record, comment, record.reader_key, self.reader_key)

    def beside(self, comment: Comment, record: type[Record]) -> Record | None:
        """The same of anybody at this address."""
        return self._one(record, comment, record.address_key, self.address_key)

    def _one(self, record: type[Record], comment: Comment, column: object, key: str | None) -> Record | None:
        found = select(record).where(record.comment_id == comment.id, column == key)  # type: ignore[arg-type]
        return db.session.scalars(found).one_or_none() if key else None


@dataclass(frozen=True)
class Writer:
    """Whoever asks: the reader's key, as the cookie tells, and the editor who is signed in."""

    key: str | None
    editor_id: int | None = None

    def wrote(self, comment: Comment) -> bool:
        """An editor's answer is the editor's own only, whoever else uses that browser."""
        by_key = self.key is not None and comment.reader_key == self.key
        return by_key and comment.editor_id in {None, self.editor_id}
