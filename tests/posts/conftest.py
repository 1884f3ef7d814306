from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import signed_in


@pytest.fixture
def ed(app: Flask) -> FlaskClient:
    """Return the browser of a signed-in editor."""
    return signed_in(app)
