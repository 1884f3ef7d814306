"""What a live stream carries: news of a topic, written as server-sent events."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class News:
    """What brings a reader of a topic to `version`: server-sent events, ready to send, or nothing. Quiet news can wait
    a moment, so that many changes come as one.
    """

    version: int
    events: bytes = b""
    quiet: bool = False


def beat(version: int) -> bytes:
    """A sign of life, which also says from where to resume; a comment line would go unnoticed by the page."""
    return f"id: {version}\nevent: beat\ndata:\n\n".encode()


def event(html: str, version: int | None = None) -> bytes:
    """One unnamed server-sent event; its id is the version that a reader may resume from after it."""
    lines = [f"id: {version}"] if version is not None else []
    lines += [f"data: {line}" for line in re.split(r"\r\n|\r|\n", html)]
    return ("\n".join(lines) + "\n\n").encode()
