"""Issue tickets for forms, and recognize a form that is sent again.

A ticket is the submission key. A reader's form needs one: a random number and the time at which the form was opened,
signed. Tickets need no cookie, so that readers whose browser stores none can post too.

The same key and text find the comment that was posted before. The same key with another text is a new comment: a
reader who got no answer may have gone on writing. It is stored under a key of its own, derived from both, so that it
is recognized too when it is sent again.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from flask import current_app

from blog.comments.models import Comment, find_by_submission_key
from blog.db import now

DERIVED_KEY_BYTES = 30
# of a ticket
TIME_BYTES, RANDOM_BYTES, SIGNATURE_BYTES = 5, 16, 18
TICKET = re.compile(r"[A-Za-z0-9_-]{52}")


class KeyUse(NamedTuple):
    """Hold the comment posted before, if any, and the key for a new one."""

    earlier: Comment | None
    key: str


def new_submission_key() -> str:
    """Issue a ticket."""
    content = int(now().timestamp()).to_bytes(TIME_BYTES) + secrets.token_bytes(RANDOM_BYTES)
    return urlsafe_b64encode(content + _sign(content)).decode()


def issued_at(key: str | None) -> datetime | None:
    """Return when a ticket was issued, to the second; None for other keys."""
    if not TICKET.fullmatch(key or ""):
        return None
    ticket = urlsafe_b64decode((key or "").encode())
    content, signature = ticket[:-SIGNATURE_BYTES], ticket[-SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(content)):
        return None
    return datetime.fromtimestamp(int.from_bytes(content[:TIME_BYTES]), UTC)


def _sign(content: bytes) -> bytes:
    key = f"ticket:{current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, content, "sha256").digest()[:SIGNATURE_BYTES]


def is_submission_key(text: str | None) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text or ""))


def look_up_key(key: str, content: tuple[object, ...], is_same: Callable[[Comment], bool]) -> KeyUse:
    """Find the comment that was posted under a key with the same content.

    `content` is the writer, the place and the text; `is_same` compares a comment with it.
    """
    first = find_by_submission_key(key)
    if first is None or is_same(first):
        return KeyUse(first, key)
    derived = _derive_key(key, content)
    return KeyUse(find_by_submission_key(derived), derived)


def _derive_key(key: str, content: tuple[object, ...]) -> str:
    digest = blake2b(repr(content).encode(), key=key.encode(), digest_size=DERIVED_KEY_BYTES)
    return urlsafe_b64encode(digest.digest()).decode()
