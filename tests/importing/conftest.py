"""A media room that keeps in memory, so that these tests rest on its promise alone."""

from __future__ import annotations

import pytest

from blog.media import library
from blog.media.sniffing import detect_format, explain_refusal


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What was kept, by its address."""
    kept: dict[str, bytes] = {}

    def keep(content: bytes, name: str) -> str:
        if not detect_format(content):
            raise library.PictureRefused(explain_refusal(content))
        kept[f"/media/{name}"] = content
        return f"/media/{name}"

    monkeypatch.setattr(library, "save_picture", keep)
    return kept
