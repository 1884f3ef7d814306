"""Open live streams, as readers with an open post page do."""

from __future__ import annotations

import asyncio
import resource
import time

from bench.comment_posting import Writer

CONNECT_BATCH = 50
TIMEOUT_SECONDS = 10.0


class StreamReader(asyncio.Protocol):
    """Read one stream on a raw socket, to keep a thousand cheap."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.marker = b"\r\n\r\n"
        self.received: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def expect(self, marker: str) -> None:
        self.text.clear()
        self.marker, self.received = marker.encode(), asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.text += data
        if self.marker in self.text and not self.received.done():
            self.received.set_result(time.monotonic())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.received.done():
            self.received.set_exception(ConnectionError("a stream was closed by the server"))


async def open_streams(port: int, path: str, count: int) -> list[StreamReader]:
    """Open `count` streams and wait until all are answered."""
    streams: list[StreamReader] = []
    for first in range(0, count, CONNECT_BATCH):
        opened = [open_stream(port, path) for _ in range(min(CONNECT_BATCH, count - first))]
        streams += await asyncio.gather(*opened)
    return streams


async def open_stream(port: int, path: str) -> StreamReader:
    transport, stream = await asyncio.get_running_loop().create_connection(StreamReader, "127.0.0.1", port)
    transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
    await asyncio.wait_for(stream.received, TIMEOUT_SECONDS)
    if b" 200 " not in stream.text[:16]:
        raise SystemExit(f"A stream was refused:\n{stream.text.decode()}")
    return stream


async def measure_delivery(streams: list[StreamReader], writer: Writer, post_id: int, marker: str) -> float:
    """Post one comment; return ms until the last stream has it."""
    for stream in streams:
        stream.expect(marker)
    started = time.monotonic()
    await writer.post(post_id, marker)
    received = await asyncio.wait_for(asyncio.gather(*(stream.received for stream in streams)), TIMEOUT_SECONDS)
    return 1000 * (max(received) - started)


def close_streams(streams: list[StreamReader]) -> None:
    for stream in streams:
        stream.received.cancel()
        stream.transport.close()


def allow_connections(count: int) -> None:
    """Raise the limit of open files for `count` streams.

    Raises: SystemExit if the hard limit is too low.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 200:
        raise SystemExit(f"This many streams need {count + 200} open files, but the limit is {hard} (see ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
