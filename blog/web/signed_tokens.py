"""Tokens in links that go out by mail: what they say is signed, for one purpose, and for so long."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer


def signed(purpose: str, value: int | str) -> str:
    """A token that says `value`, good for `purpose` alone; it can be read by anybody, and made by nobody else."""
    return _serializer(purpose).dumps(value)


def said(purpose: str, token: str, seconds: int | None = None) -> int | str | None:
    """What a token of ours says; None where it is not one, is for another purpose, or is older than `seconds`."""
    try:
        value: int | str = _serializer(purpose).loads(token, max_age=seconds)
    except BadData:
        return None
    return value


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"mail-{purpose}")
