"""Test purpose, integrity and expiry of tokens in links."""

from __future__ import annotations

import pytest
from flask import Flask

from blog.web.signed_tokens import read_token, sign_token
from tests.postgres.databases import on_sqlite

pytestmark = on_sqlite


def test_token_is_valid_for_its_purpose_only(app: Flask) -> None:
    token = sign_token("confirm", 7)
    assert read_token("confirm", token) == 7
    assert read_token("unsubscribe", token) is None


@pytest.mark.parametrize("token", ["", "x", "Nw.abc.def", "\0", "é" * 10])
def test_foreign_token_is_rejected(app: Flask, token: str) -> None:
    assert read_token("confirm", token) is None


def test_changed_or_expired_token_is_rejected(app: Flask) -> None:
    token = sign_token("confirm", 7)
    assert read_token("confirm", ("x" if token[0] != "x" else "y") + token[1:]) is None
    assert read_token("confirm", token, seconds=-1) is None
