"""Provide an app context for translated messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel


@pytest.fixture
def translations() -> Iterator[None]:
    """Push an app that only translates."""
    app = Flask("test")
    Babel(app)
    with app.app_context():
        yield
