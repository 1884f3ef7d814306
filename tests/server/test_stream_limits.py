"""Live streams are counted before anything is waited for, and no longer than they last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from blog.server.asgi import Shell
from blog.settings import Settings
from blog.web.asgi_types import Message


class Reader:
    """One request for the live updates of the site, until the test lets it go."""

    def __init__(self, address: str) -> None:
        self.address, self.gone = address, asyncio.Event()
        self.answered: list[Message] = []

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.answered.append(message)

    @property
    def status(self) -> int:
        return int(self.answered[0]["status"]) if self.answered else 0

    def follow(self, shell: Shell, path: str = "/live", **headers: str) -> asyncio.Task[None]:
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": named}
        scope |= {"client": (self.address, 1), "http_version": "1.1", "scheme": "http"}
        return asyncio.create_task(shell(scope, self.receive, self.send))


def run(app: Flask, test: Callable[[Shell], Any], **settings: Any) -> None:
    app.config["SETTINGS"] = Settings(
        blog_instance=app.config["SETTINGS"].blog_instance,
        database_url=app.config["SETTINGS"].database_url,
        **settings,
    )

    async def main() -> None:
        shell = Shell(app)
        await test(shell)
        assert (shell.hub.open_streams, dict(shell.hub.networks)) == (0, {})
        shell.hub.threads.shutdown()
        shell.flask.queue.threads.shutdown()

    # in a thread of its own: the browser tests leave a loop running in this one
    thread = ThreadPoolExecutor(1)
    thread.submit(asyncio.run, main()).result()
    thread.shutdown()


async def leave(readers: list[Reader], tasks: list[asyncio.Task[None]]) -> None:
    for reader in readers:
        reader.gone.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("addresses", ["2001:db8::{}", "::ffff:192.0.2.7", "192.0.2.7"])
def test_four_hundred_at_once_do_not_pass_a_limit_of_five(app: Flask, addresses: str) -> None:
    async def test(shell: Shell) -> None:
        readers = [Reader(addresses.format(number)) for number in range(400)]
        tasks = [reader.follow(shell) for reader in readers]
        await until(lambda: all(reader.status for reader in readers))
        assert sorted({reader.status for reader in readers}) == [200, 204]
        assert sum(reader.status == 200 for reader in readers) == 5
        await leave(readers, tasks)

    run(app, test, live_streams_per_address=5)


def test_nor_do_four_hundred_networks_pass_a_limit_of_all_streams(app: Flask) -> None:
    async def test(shell: Shell) -> None:
        readers = [Reader(f"192.0.{number // 250}.{number % 250}") for number in range(400)]
        tasks = [reader.follow(shell) for reader in readers]
        await until(lambda: all(reader.status for reader in readers))
        assert sum(reader.status == 200 for reader in readers) == 7
        await leave(readers, tasks)

    run(app, test, live_streams=7)


def test_a_place_is_given_back_on_every_way_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(shell: Shell) -> None:
        for path, status in (("/posts/999/live", 404), ("/desk/live", 404)):
            reader = Reader("192.0.2.1")
            await reader.follow(shell, path)
            assert (reader.status, shell.hub.open_streams) == (status, 0)
        with_body = Reader("192.0.2.1")
        await with_body.follow(shell, transfer_encoding="chunked")
        assert (with_body.status, shell.hub.open_streams) == (400, 0)

        waiting = asyncio.Event()
        exists = shell.hub.exists
        monkeypatch.setattr(shell.hub, "exists", lambda _topic: waiting.wait())
        cancelled = Reader("192.0.2.1").follow(shell)
        await until(lambda: shell.hub.open_streams)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert shell.hub.open_streams == 0

        monkeypatch.setattr(shell.hub, "exists", fails)
        reader = Reader("192.0.2.1")
        await reader.follow(shell)
        assert (reader.status, shell.hub.open_streams) == (503, 0)

        monkeypatch.setattr(shell.hub, "exists", exists)
        broken = Reader("192.0.2.1")
        monkeypatch.setattr(broken, "send", breaks)
        await asyncio.gather(broken.follow(shell), return_exceptions=True)
        assert shell.hub.open_streams == 0

    run(app, test)


async def fails(_topic: str) -> bool:
    raise OperationalError("SELECT", {}, Exception("the database is away"))


async def breaks(_message: Message) -> None:
    raise ConnectionError("the client went")


def test_a_desk_stream_that_cannot_be_asked_for_now_is_not_refused_for_good(app: Flask) -> None:
    async def test(shell: Shell) -> None:
        shell.flask.queue.free = 0
        shell.flask.queue.reads.most = 1
        first, second = Reader("192.0.2.1"), Reader("192.0.2.2")
        waits = first.follow(shell, "/desk/live")
        await until(lambda: shell.flask.queue.reads.length)
        await second.follow(shell, "/desk/live")
        assert second.status == 503  # a 404 would be for good
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        shell.flask.queue.free = 3

    run(app, test)
