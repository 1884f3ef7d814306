"""Topics, the news of them, written as server-sent events, and the streams that carry it to readers."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class News:
    """What brings a reader of a topic to `version`: server-sent events, ready to send, or nothing. Quiet news can wait
    a moment, so that many changes come as one.
    """

    version: int
    events: bytes = b""
    quiet: bool = False


class Source(Protocol):
    """Where news comes from. Both are called in threads."""

    def versions(self, topics: list[str]) -> dict[str, int]:
        """The present version of each topic that still exists."""
        ...

    def news(self, topic: str, since: int) -> News | None:
        """What changed after `since`; None where there is no such topic, or no longer."""
        ...


@dataclass(slots=True, eq=False)
class Stream:
    """One reader's open connection. `position` is the version that it has been brought to; `allowed` is asked before
    anything is sent, where not everybody may follow the topic.
    """

    topic: str
    position: int
    send: Callable[[bytes], Awaitable[None]]
    end: Callable[[], object]
    allowed: Callable[[], Awaitable[bool]] | None = None
    sent_at: float = 0.0
    missed: int = 0
    pumping: bool = False
    again: bool = False
    ended: bool = False


@dataclass(slots=True)
class Topic:
    """What is known of a topic while somebody follows it: its log holds the last news, each with what it follows."""

    name: str
    version: int = -1
    log: deque[tuple[int, News]] = field(default_factory=deque)
    streams: set[Stream] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    dirty: bool = False
    reading: bool = False
    quiet_until: float = 0.0
    waiting: bool = False


def beat(version: int) -> bytes:
    """A sign of life, which also says from where to resume; a comment line would go unnoticed by the page."""
    return f"id: {version}\nevent: beat\ndata:\n\n".encode()


def event(html: str, version: int | None = None) -> bytes:
    """One unnamed server-sent event; its id is the version that a reader may resume from after it."""
    lines = [f"id: {version}"] if version is not None else []
    lines += [f"data: {line}" for line in re.split(r"\r\n|\r|\n", html)]
    return ("\n".join(lines) + "\n\n").encode()
