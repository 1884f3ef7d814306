"""Tokens in links: for one purpose, unchanged, and not for ever."""

from __future__ import annotations

import pytest
from flask import Flask

from blog.web.signed_tokens import said, signed
from tests.postgres.databases import on_sqlite

pytestmark = on_sqlite


def test_a_token_says_what_was_signed_for_its_purpose_alone(app: Flask) -> None:
    token = signed("confirm", 7)
    assert said("confirm", token) == 7
    assert said("unsubscribe", token) is None


@pytest.mark.parametrize("token", ["", "x", "Nw.abc.def", "\0", "é" * 10])
def test_what_was_not_made_here_says_nothing(app: Flask, token: str) -> None:
    assert said("confirm", token) is None


def test_one_that_was_changed_or_is_too_old_says_nothing(app: Flask) -> None:
    token = signed("confirm", 7)
    assert said("confirm", ("x" if token[0] != "x" else "y") + token[1:]) is None
    assert said("confirm", token, seconds=-1) is None
