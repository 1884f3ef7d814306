"""Replace the media library with one in memory."""

from __future__ import annotations

import pytest

from blog.media import library
from blog.media.sniffing import format_of, refusal_of


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return the stored pictures by their paths."""
    stored: dict[str, bytes] = {}

    def keep(content: bytes, name: str) -> str:
        if not format_of(content):
            raise library.NoPicture(refusal_of(content))
        stored[f"/media/{name}"] = content
        return f"/media/{name}"

    monkeypatch.setattr(library, "keep", keep)
    return stored
