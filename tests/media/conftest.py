"""What the pictures' tests start from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel


@pytest.fixture
def speaking() -> Iterator[None]:
    """An app that does nothing but speak, for sentences."""
    app = Flask("speaking")
    Babel(app)
    with app.app_context():
        yield
