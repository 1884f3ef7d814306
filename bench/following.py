"""Open streams: readers who have a post page open and wait for what is new."""

from __future__ import annotations

import asyncio
import resource
import time

from bench.writing import Writer

TOGETHER = 50
PATIENCE = 10.0


class Follower(asyncio.Protocol):
    """One stream on a bare socket, so that a thousand of them cost the client little."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.mark = b"\r\n\r\n"
        self.seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def expect(self, mark: str) -> None:
        self.text.clear()
        self.mark, self.seen = mark.encode(), asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.text += data
        if self.mark in self.text and not self.seen.done():
            self.seen.set_result(time.monotonic())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.seen.done():
            self.seen.set_exception(ConnectionError("a stream was closed by the server"))


async def follow(port: int, path: str, count: int) -> list[Follower]:
    """Open so many streams; returns when each has been answered."""
    followers: list[Follower] = []
    for first in range(0, count, TOGETHER):
        opened = [open_one(port, path) for _ in range(min(TOGETHER, count - first))]
        followers += await asyncio.gather(*opened)
    return followers


async def open_one(port: int, path: str) -> Follower:
    transport, follower = await asyncio.get_running_loop().create_connection(Follower, "127.0.0.1", port)
    transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
    await asyncio.wait_for(follower.seen, PATIENCE)
    if b" 200 " not in follower.text[:16]:
        raise SystemExit(f"A stream was refused:\n{follower.text.decode()}")
    return follower


async def tell(followers: list[Follower], writer: Writer, post_id: int, mark: str) -> float:
    """Post one comment; returns the ms from sending it until the last of them has it."""
    for follower in followers:
        follower.expect(mark)
    started = time.monotonic()
    await writer.post(post_id, mark)
    seen = await asyncio.wait_for(asyncio.gather(*(follower.seen for follower in followers)), PATIENCE)
    return 1000 * (max(seen) - started)


def leave(followers: list[Follower]) -> None:
    for follower in followers:
        follower.seen.cancel()
        follower.transport.close()


def allow_connections(count: int) -> None:
    """Raise this process's own limit of open files to what so many streams need; SystemExit where that cannot be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 200:
        raise SystemExit(f"This many streams need {count + 200} open files, but the limit is {hard} (see ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
