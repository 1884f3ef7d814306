"""Queue accepted connections and start them in turns of their networks.

The protocol needs some 0.3 ms per connection before it can refuse one, and the system returns connections in order of
arrival. So connections beyond the limits are closed when accepted, and the others wait here. Without this queue a flood
of 3,000 connections delayed the home page by 1.5 s instead of 45 ms (docs/attacks.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import uvloop

from blog.ip_networks import unmap_ipv4
from blog.server.fair_queue import FairQueue
from blog.server.http_limits import BoundedProtocol

# per pass of the event loop
MAX_ACCEPTED_AT_ONCE = 128
# without ticks a flood of 400 clients delays the home page by 105 ms instead of 75
MAX_STARTED_PER_TICK = 4
TICK_SECONDS = 0.005
# after the limit of open files was reached
PAUSE_SECONDS = 0.5


class AcceptQueue:
    """Accept the connections of one port; replaces `asyncio.Server` for uvicorn."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, port: socket.socket, make_protocol: Callable[[], BoundedProtocol]
    ) -> None:
        self.loop, self.port, self.make_protocol = loop, port, make_protocol
        self.bounds = make_protocol().bounds
        self.queue: FairQueue[socket.socket] = FairQueue()
        self.started, self.ticking = 0, False
        self.starting: set[asyncio.Task[Any]] = set()
        self.pause: asyncio.TimerHandle | None = None
        port.setblocking(False)
        self.open()

    def open(self) -> None:
        if self.port.fileno() >= 0:
            self.loop.add_reader(self.port, self.accept)

    def close(self) -> None:
        if self.pause:
            self.pause.cancel()  # a closed queue must not open again
        self.loop.remove_reader(self.port)
        while self.queue.length:
            self.queue.pop().close()

    async def wait_closed(self) -> None:
        """Return at once, since `close` is synchronous."""

    def accept(self) -> None:
        """Accept pending connections, up to a limit per pass."""
        for _ in range(MAX_ACCEPTED_AT_ONCE):
            try:
                connection, peer = self.port.accept()
            except (BlockingIOError, ConnectionAbortedError):
                break
            except OSError:
                self.loop.remove_reader(self.port)
                self.pause = self.loop.call_later(PAUSE_SECONDS, self.open)
                break
            self.queue_or_refuse(connection, self.bounds.network_of(unmap_ipv4(peer[0])))

    def queue_or_refuse(self, connection: socket.socket, network: str) -> None:
        connection.setblocking(False)
        if not self.bounds.has_room(network, self.queue.length, self.queue.count_waiting(network)):
            with contextlib.suppress(OSError):
                connection.send(self.bounds.refusals[HTTPStatus.SERVICE_UNAVAILABLE])
            connection.close()
        elif not network:  # a trusted proxy, which serves many readers
            self.start(connection)
        else:
            self.queue.add(network, connection)
            if not self.ticking:
                self.ticking = True
                self.loop.call_later(TICK_SECONDS, self.tick)
            self.start_some()

    def tick(self) -> None:
        self.ticking = self.started > 0
        self.started = 0
        self.start_some()
        if self.ticking:
            self.loop.call_later(TICK_SECONDS, self.tick)

    def start_some(self) -> None:
        while self.queue.length and self.started < MAX_STARTED_PER_TICK:
            self.started += 1
            self.start(self.queue.pop())

    def start(self, connection: socket.socket) -> None:
        task = self.loop.create_task(self.connect(connection))
        self.starting.add(task)
        task.add_done_callback(self.starting.discard)

    async def connect(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await self.loop.connect_accepted_socket(self.make_protocol, connection)


class EventLoop(uvloop.Loop):
    """Run uvloop with AcceptQueue as its server."""

    async def create_server(self, make_protocol: Any, *_: Any, sock: socket.socket, **__: Any) -> asyncio.Server:  # type: ignore[override]
        return cast(asyncio.Server, AcceptQueue(self, sock, make_protocol))
