"""Define topics, their updates as server-sent events (SSE), and streams."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TopicUpdate:
    """Hold the encoded events up to a version of a topic.

    A quiet update may be sent a moment later, so that many changes are sent as one.
    """

    version: int
    events: bytes = b""
    quiet: bool = False


class UpdateSource(Protocol):
    """Read updates from the database. Both methods are called in threads."""

    def versions(self, topics: list[str]) -> dict[str, int]:
        """Return the version of each topic that exists."""
        ...

    def read_update(self, topic: str, since: int) -> TopicUpdate | None:
        """Return the update after the version `since`; None without the topic."""
        ...


@dataclass(slots=True, eq=False)
class Stream:
    """Represent one reader's open connection.

    `position` is the version that was sent last. `allowed` is checked before each send, for topics that are not public.
    """

    topic: str
    position: int
    send: Callable[[bytes], Awaitable[None]]
    end: Callable[[], object]
    allowed: Callable[[], Awaitable[bool]] | None = None
    sent_at: float = 0.0
    unsent_updates: int = 0
    is_updating: bool = False
    needs_update: bool = False
    ended: bool = False


@dataclass(slots=True)
class Topic:
    """Hold the state of a topic with streams.

    `log` holds the last updates, each with the version before it.
    """

    name: str
    version: int = -1
    log: deque[tuple[int, TopicUpdate]] = field(default_factory=deque)
    streams: set[Stream] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    has_changed: bool = False
    is_reading: bool = False
    quiet_until: float = 0.0
    is_deferred: bool = False


def heartbeat(version: int) -> bytes:
    """Encode a heartbeat event with the version to resume from.

    An SSE comment would not reach the page's script.
    """
    return f"id: {version}\nevent: beat\ndata:\n\n".encode()


def sse_event(html: str, version: int | None = None) -> bytes:
    """Encode an SSE event; its id is the version to resume from."""
    lines = [f"id: {version}"] if version is not None else []
    lines += [f"data: {line}" for line in re.split(r"\r\n|\r|\n", html)]
    return ("\n".join(lines) + "\n\n").encode()
