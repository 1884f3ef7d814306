"""The queue before HTTP: connections are accepted at once, and given to the protocol a few at a time, networks in turn.

The protocol costs each connection some 0.3 ms before it can refuse it, and the system hands out connections in the
order in which they came. So those beyond the bounds are closed as soon as they are accepted, and the rest wait here.
Without this a flood of 3,000 connections delayed home by 1.5 s in place of 45 ms (docs/attacks.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import uvloop

from blog.ip_networks import unmapped
from blog.server.fair_queue import FairQueue
from blog.server.http_limits import BoundedProtocol

# in one go of the event loop
MAX_ACCEPTED = 128
# given to the protocol in each tick: without ticks a flood of 400 clients delays home by 105 ms in place of 75
MAX_BEGUN = 4
TICK_SECONDS = 0.005
# where no more files can be opened
PAUSE_SECONDS = 0.5


class AcceptQueue:
    """Accepts the connections of one port. For uvicorn it is an `asyncio.Server`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, port: socket.socket, make: Callable[[], BoundedProtocol]
    ) -> None:
        self.loop, self.port, self.make = loop, port, make
        self.bounds = make().bounds
        self.queue: FairQueue[socket.socket] = FairQueue()
        self.begun, self.ticking = 0, False
        self.beginning: set[asyncio.Task[Any]] = set()
        port.setblocking(False)
        self.open()

    def open(self) -> None:
        if self.port.fileno() >= 0:
            self.loop.add_reader(self.port, self.accept)

    def close(self) -> None:
        self.loop.remove_reader(self.port)
        while self.queue.length:
            self.queue.pop().close()

    async def wait_closed(self) -> None:
        """Return at once, since `close` has done it all."""

    def accept(self) -> None:
        """Accept what has come; in the next go of the loop the rest."""
        for _ in range(MAX_ACCEPTED):
            try:
                connection, peer = self.port.accept()
            except (BlockingIOError, ConnectionAbortedError):
                break
            except OSError:
                self.loop.remove_reader(self.port)
                self.loop.call_later(PAUSE_SECONDS, self.open)
                break
            self.take(connection, self.bounds.network_of(unmapped(peer[0])))

    def take(self, connection: socket.socket, network: str) -> None:
        connection.setblocking(False)
        if not self.bounds.has_room(network, self.queue.length, self.queue.waiting(network)):
            with contextlib.suppress(OSError):
                connection.send(self.bounds.refusals[HTTPStatus.SERVICE_UNAVAILABLE])
            connection.close()
        elif not network:  # a trusted proxy's, which speaks for many readers
            self.begin(connection)
        else:
            self.queue.add(network, connection)
            if not self.ticking:
                self.ticking = True
                self.loop.call_later(TICK_SECONDS, self.tick)
            self.begin_some()

    def tick(self) -> None:
        self.ticking = self.begun > 0
        self.begun = 0
        self.begin_some()
        if self.ticking:
            self.loop.call_later(TICK_SECONDS, self.tick)

    def begin_some(self) -> None:
        while self.queue.length and self.begun < MAX_BEGUN:
            self.begun += 1
            self.begin(self.queue.pop())

    def begin(self, connection: socket.socket) -> None:
        task = self.loop.create_task(self.connect(connection))
        self.beginning.add(task)
        task.add_done_callback(self.beginning.discard)

    async def connect(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await self.loop.connect_accepted_socket(self.make, connection)


class Loop(uvloop.Loop):
    """uvloop, but servers accept connections by the queue."""

    async def create_server(self, make: Any, *_: Any, sock: socket.socket, **__: Any) -> asyncio.Server:  # type: ignore[override]
        return cast(asyncio.Server, AcceptQueue(self, sock, make))
