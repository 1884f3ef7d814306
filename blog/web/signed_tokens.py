"""Sign and read the tokens of links in mail."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer


def sign_token(purpose: str, value: int | str) -> str:
    """Sign `value` for one purpose; it is not encrypted."""
    return _serializer(purpose).dumps(value)


def read_token(purpose: str, token: str, seconds: int | None = None) -> int | str | None:
    """Return a token's value; None if forged, misused or too old."""
    try:
        value: int | str = _serializer(purpose).loads(token, max_age=seconds)
    except BadData:
        return None
    return value


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"mail-{purpose}")
