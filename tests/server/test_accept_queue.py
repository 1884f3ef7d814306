"""Test the accept queue on a loopback port, with a counting protocol."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

from blog.server import accept_queue
from blog.server.accept_queue import AcceptQueue, EventLoop
from blog.server.http_limits import Connections
from blog.settings import Settings


class Protocol(asyncio.Protocol):
    def __init__(self, bounds: Connections, begun: list[str]) -> None:
        self.bounds, self.begun = bounds, begun

    def connection_made(self, transport: Any) -> None:
        self.loop, self.transport = asyncio.get_running_loop(), transport
        address = transport.get_extra_info("peername")[0]
        if self.bounds.admit(self, address):  # type: ignore[arg-type]
            self.begun.append(address)
        else:
            transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self.bounds.release(self)  # type: ignore[arg-type]

    def check(self, _now: float) -> bool:
        return False


Test = Callable[[int, list[str], contextlib.ExitStack], Awaitable[None]]


def run(test: Test, **settings: Any) -> None:
    """Run a test with a port and the list of started addresses."""

    async def main() -> None:
        begun: list[str] = []
        port, bounds = socket.create_server(("127.0.0.1", 0), backlog=512), Connections(Settings(**settings))
        with port:
            server = await asyncio.get_running_loop().create_server(lambda: Protocol(bounds, begun), sock=port)
            assert isinstance(server, AcceptQueue)
            try:
                with contextlib.ExitStack() as stack:
                    await test(port.getsockname()[1], begun, stack)
            finally:
                server.close()
            await asyncio.sleep(0.05)  # lets the connections end

    with asyncio.Runner(loop_factory=EventLoop) as runner:
        runner.run(main())


def connect(stack: contextlib.ExitStack, port: int, address: str) -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5, (address, 0)))
    connection.settimeout(0)
    return connection


def test_single_connection_precedes_those_of_a_busy_network() -> None:
    async def test(port: int, begun: list[str], stack: contextlib.ExitStack) -> None:
        for _ in range(60):
            connect(stack, port, "127.0.0.2")
        connect(stack, port, "127.0.0.3")
        await asyncio.sleep(0.5)
        assert len(begun) == 61
        assert begun.index("127.0.0.3") <= 2 * accept_queue.MAX_STARTED_PER_TICK

    run(test)


def test_trusted_proxy_does_not_wait() -> None:
    async def test(port: int, begun: list[str], stack: contextlib.ExitStack) -> None:
        for address in ["127.0.0.2"] * 30 + ["127.0.0.1"] * 30:
            connect(stack, port, address)
        await asyncio.sleep(0.5)
        assert begun.index("127.0.0.2", 10) > 30
        assert len(begun) == 60

    run(test)


def test_network_beyond_its_limit_is_refused() -> None:
    async def test(port: int, begun: list[str], stack: contextlib.ExitStack) -> None:
        connections = [connect(stack, port, "127.0.0.2") for _ in range(60)]
        await asyncio.sleep(0.5)
        assert len(begun) == 51
        assert connections[-1].recv(12) == b"HTTP/1.1 503"

    run(test, live_streams_per_address=1)


def test_accept_continues_after_reaching_the_file_limit() -> None:
    async def test(port: int, begun: list[str], stack: contextlib.ExitStack) -> None:
        with patch.object(socket.socket, "accept", side_effect=OSError(errno.EMFILE, "too many")) as accept:
            connect(stack, port, "127.0.0.2")
            await asyncio.sleep(0.1)
            assert accept.call_count == 1
        await asyncio.sleep(accept_queue.PAUSE_SECONDS)
        assert begun == ["127.0.0.2"]

    run(test)


def test_queue_closed_during_a_pause_stays_closed() -> None:
    loop, port = EventLoop(), socket.socket()
    try:
        port.bind(("127.0.0.1", 0))
        port.listen()
        queue = AcceptQueue(loop, port, lambda: Protocol(Connections(Settings()), []))  # type: ignore[arg-type, return-value]
        with patch.object(socket.socket, "accept", side_effect=OSError(errno.EMFILE, "too many")):
            queue.accept()
        queue.close()
        with socket.create_connection(port.getsockname()):
            loop.run_until_complete(asyncio.sleep(2 * accept_queue.PAUSE_SECONDS))
            port.accept()[0].close()  # still there: the queue has not taken it
    finally:
        loop.close()
        port.close()
