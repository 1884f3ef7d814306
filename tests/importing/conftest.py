"""Replace the media library with one in memory."""

from __future__ import annotations

import pytest

from blog.media import library
from blog.media.picture_errors import PictureRefused
from blog.media.sniffing import detect_format, refusal_code


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return the stored pictures by their paths."""
    stored: dict[str, bytes] = {}

    def keep(content: bytes, name: str) -> str:
        if not detect_format(content):
            raise PictureRefused(refusal_code(content))
        stored[f"/media/{name}"] = content
        return f"/media/{name}"

    monkeypatch.setattr(library, "save_picture", keep)
    return stored
