"""Test that live streams are counted while they are open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from blog.server.asgi import ASGIApp
from blog.settings import Settings
from blog.web.asgi_types import Message


class Reader:
    """Open a live stream until `disconnected` is set."""

    def __init__(self, address: str) -> None:
        self.address, self.disconnected = address, asyncio.Event()
        self.answered: list[Message] = []

    async def receive(self) -> Message:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.answered.append(message)

    @property
    def status(self) -> int:
        return int(self.answered[0]["status"]) if self.answered else 0

    def follow(self, asgi_app: ASGIApp, path: str = "/live", **headers: str) -> asyncio.Task[None]:
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": named}
        scope |= {"client": (self.address, 1), "http_version": "1.1", "scheme": "http"}
        return asyncio.create_task(asgi_app(scope, self.receive, self.send))


def run(app: Flask, test: Callable[[ASGIApp], Any], **settings: Any) -> None:
    app.config["SETTINGS"] = Settings(
        blog_instance=app.config["SETTINGS"].blog_instance,
        database_url=app.config["SETTINGS"].database_url,
        **settings,
    )

    async def main() -> None:
        asgi_app = ASGIApp(app)
        await test(asgi_app)
        assert (asgi_app.hub.open_streams, dict(asgi_app.hub.networks)) == (0, {})
        asgi_app.hub.threads.shutdown()
        asgi_app.flask.queue.threads.shutdown()

    # in another thread: the browser tests leave a loop running in this one
    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


async def close_streams(readers: list[Reader], tasks: list[asyncio.Task[None]]) -> None:
    for reader in readers:
        reader.disconnected.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("addresses", ["2001:db8::{}", "::ffff:192.0.2.7", "192.0.2.7"])
def test_streams_per_network_are_limited(app: Flask, addresses: str) -> None:
    async def test(asgi_app: ASGIApp) -> None:
        readers = [Reader(addresses.format(number)) for number in range(400)]
        tasks = [reader.follow(asgi_app) for reader in readers]
        await until(lambda: all(reader.status for reader in readers))
        assert sorted({reader.status for reader in readers}) == [200, 204]
        assert sum(reader.status == 200 for reader in readers) == 5
        await close_streams(readers, tasks)

    run(app, test, live_streams_per_address=5)


def test_streams_of_all_networks_are_limited(app: Flask) -> None:
    async def test(asgi_app: ASGIApp) -> None:
        readers = [Reader(f"192.0.{number // 250}.{number % 250}") for number in range(400)]
        tasks = [reader.follow(asgi_app) for reader in readers]
        await until(lambda: all(reader.status for reader in readers))
        assert sum(reader.status == 200 for reader in readers) == 7
        await close_streams(readers, tasks)

    run(app, test, live_streams=7)


def test_stream_is_released_on_every_exit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(asgi_app: ASGIApp) -> None:
        for path, status in (("/posts/999/live", 404), ("/desk/live", 404)):
            reader = Reader("192.0.2.1")
            await reader.follow(asgi_app, path)
            assert (reader.status, asgi_app.hub.open_streams) == (status, 0)
        with_body = Reader("192.0.2.1")
        await with_body.follow(asgi_app, transfer_encoding="chunked")
        assert (with_body.status, asgi_app.hub.open_streams) == (400, 0)

        waiting = asyncio.Event()
        exists = asgi_app.hub.exists
        monkeypatch.setattr(asgi_app.hub, "exists", lambda _topic: waiting.wait())
        cancelled = Reader("192.0.2.1").follow(asgi_app)
        await until(lambda: asgi_app.hub.open_streams)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert asgi_app.hub.open_streams == 0

        monkeypatch.setattr(asgi_app.hub, "exists", raise_unavailable)
        reader = Reader("192.0.2.1")
        await reader.follow(asgi_app)
        assert (reader.status, asgi_app.hub.open_streams) == (503, 0)

        monkeypatch.setattr(asgi_app.hub, "exists", exists)
        broken = Reader("192.0.2.1")
        monkeypatch.setattr(broken, "send", raise_disconnected)
        await asyncio.gather(broken.follow(asgi_app), return_exceptions=True)
        assert asgi_app.hub.open_streams == 0

    run(app, test)


async def raise_unavailable(_topic: str) -> bool:
    raise OperationalError("SELECT", {}, Exception("the database is away"))


async def raise_disconnected(_message: Message) -> None:
    raise ConnectionError("the client went")


def test_unavailable_desk_stream_is_answered_503(app: Flask) -> None:
    async def test(asgi_app: ASGIApp) -> None:
        asgi_app.flask.queue.free = 0
        asgi_app.flask.queue.reads.max_waiting = 1
        first, second = Reader("192.0.2.1"), Reader("192.0.2.2")
        waiting_stream = first.follow(asgi_app, "/desk/live")
        await until(lambda: asgi_app.flask.queue.reads.length)
        await second.follow(asgi_app, "/desk/live")
        assert second.status == 503  # a 404 would be final
        waiting_stream.cancel()
        await asyncio.gather(waiting_stream, return_exceptions=True)
        asgi_app.flask.queue.free = 3

    run(app, test)
