"""Test queue and body limits before Flask, with views that wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request, session

from blog.server import flask_requests, request_bodies, request_queue
from blog.server.flask_requests import FlaskRequests
from blog.server.request_bodies import Budget
from blog.settings import Settings
from blog.web.asgi_types import Message
from blog.web.forms.body_limits import MAX_READER_BODY

MEGABYTE = 1_000_000


class Client:
    """Send a request body in parts and record the response."""

    def __init__(self, *parts: bytes, then: str = "") -> None:
        self.messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if then:
            self.messages.append({"type": then})
        elif parts:
            self.messages[-1]["more_body"] = False
        self.reads = 0
        self.answered: list[Message] = []

    async def receive(self) -> Message:
        self.reads += 1
        if not self.messages:
            await asyncio.sleep(60)
        return self.messages.pop(0)

    async def send(self, message: Message) -> None:
        self.answered.append(message)

    @property
    def status(self) -> int:
        return int(self.answered[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.answered[0]["headers"]}

    @property
    def text(self) -> str:
        return b"".join(message["body"] for message in self.answered[1:]).decode()


class FakeSite:
    """Run an app with a waiting, a counting and a desk view."""

    def __init__(self, **settings: Any) -> None:
        self.app = app = Flask("waiting")
        self.gate, self.ran, self.editor = threading.Event(), 0, True
        app.config.update(SETTINGS=Settings(**settings), SECRET_KEY="x", MAX_CONTENT_LENGTH=None)
        app.add_url_rule("/wait", view_func=self.wait, methods=["GET", "POST"])
        app.add_url_rule("/<path:anything>", view_func=self.count, methods=["GET", "POST"])
        app.add_url_rule("/desk/live", view_func=self.live)
        app.add_url_rule("/cookie", view_func=self.cookie)
        self.flask = FlaskRequests(app, [])

    def wait(self) -> str:
        self.ran += 1
        self.gate.wait(5)
        return "waited"

    def count(self, anything: str) -> tuple[str, int]:
        shut = request.method == "HEAD" and anything.startswith("desk/") and not self.editor
        return str(len(request.get_data())), 403 if shut else 200

    def live(self) -> tuple[str, int]:
        return "", 204 if self.editor else 403

    def cookie(self) -> str:
        session["desk"] = "ended"
        return ""

    def cookie_of_editor(self) -> str:
        return self.app.test_client().get("/cookie").headers["Set-Cookie"].partition(";")[0]

    def ask(self, path: str, client: Client, method: str = "POST", **headers: str) -> Awaitable[None]:
        named = [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": named}
        whole = scope | {"http_version": "1.1", "scheme": "http", "client": ("192.0.2.1", 1)}
        return self.flask(whole, client.receive, client.send)

    async def sent(self, path: str, *parts: bytes, method: str = "POST", **headers: str) -> Client:
        client = Client(*parts)
        await self.ask(path, client, method, **headers)
        return client


@pytest.fixture
def on_fake_site() -> Iterator[Callable[..., None]]:
    def run(test: Callable[[FakeSite], Awaitable[None]], **settings: Any) -> None:
        async def main() -> None:
            site = FakeSite(**settings)
            try:
                await test(site)
            finally:
                site.gate.set()
                site.flask.queue.threads.shutdown()
            assert site.flask.discarding == 0

        runner.run(main())

    with asyncio.Runner() as runner:
        yield run


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)


def test_full_queue_answers_503_and_serves_waiting_requests(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        site.flask.queue.reads.max_waiting = 4
        waiting = [asyncio.create_task(site.sent("/wait", method="GET")) for _ in range(5)]
        await until(lambda: site.flask.queue.reads.length == 4)
        refused = await site.sent("/wait", method="GET")
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "nothing you wrote is lost" in refused.text
        site.gate.set()
        assert [client.status for client in await asyncio.gather(*waiting)] == [200] * 5

    on_fake_site(test, threads=1)


def test_htmx_refusal_does_not_replace_the_form(
    on_fake_site: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.01)

    async def test(site: FakeSite) -> None:
        site.flask.queue.free_to_write = 0
        refused = await site.sent("/wait", b"body=text", content_length="9", hx_request="true")
        assert (refused.status, refused.headers["hx-retarget"]) == (503, "#comment-error")
        assert refused.headers["hx-reswap"] == "innerHTML"
        site.flask.queue.free_to_write = 2

    on_fake_site(test)


def test_request_of_a_disconnected_client_is_not_run(on_fake_site: Callable[..., None]) -> None:
    class Gone:
        def is_closing(self) -> bool:
            return True

    async def test(site: FakeSite) -> None:
        first = asyncio.create_task(site.sent("/wait", method="GET"))
        await until(lambda: site.ran)
        scope = {"method": "GET", "path": "/wait", "query_string": b"", "headers": [], "http_version": "1.1"}
        abandoned = [Client() for _ in range(3000)]
        requests = [
            asyncio.create_task(
                site.flask({**scope, "scheme": "http", "talkback.transport": Gone()}, c.receive, c.send)
            )
            for c in abandoned
        ]
        await asyncio.sleep(0)
        living = asyncio.create_task(site.sent("/wait", method="GET"))
        await asyncio.sleep(0)
        site.gate.set()
        assert (await living).status == (await first).status == 200
        await asyncio.gather(*requests)
        assert site.ran == 2

    on_fake_site(test, threads=1)


def test_reader_body_is_limited_to_192_kb(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        for path in ("/posts/1/comments", "/desk/session", "/desk/posts", "/desk/imports", "/nowhere"):
            most = bytes(MAX_READER_BODY)
            assert (await site.sent(path, most, content_length=str(len(most)))).text == str(len(most))
            large = Client(most, b"x")
            await site.ask(path, large, content_length=str(len(most) + 1), expect="100-continue")
            assert (large.status, large.reads) == (413, 0), path
            chunked = await site.sent(path, most, b"x", transfer_encoding="chunked")
            assert chunked.status == 413, path
            assert chunked.headers["connection"] == "close"
        assert site.flask.for_readers.budget.remaining == request_bodies.MAX_READER_BODY_BYTES

    on_fake_site(test)


def test_body_longer_than_declared_is_refused(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        client = await site.sent("/nowhere", bytes(MAX_READER_BODY), b"x", content_length="10")
        assert client.status == 413

    on_fake_site(test)


def test_editor_body_limit_depends_on_the_session(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        cookie = site.cookie_of_editor()
        for editor, path, size, status in (
            (True, "/desk/posts", 4 * MEGABYTE, 200),
            (True, "/desk/posts", 4 * MEGABYTE + 1, 413),
            (True, "/desk/imports", 9 * MEGABYTE, 200),
            (True, "/desk/imports", 9 * MEGABYTE + 1, 413),
            (True, "/posts/1/comments", MEGABYTE, 413),
            (False, "/desk/posts", MEGABYTE, 200),
            (False, "/desk/posts", MEGABYTE + 1, 413),
            (False, "/desk/imports", MEGABYTE + 1, 413),
        ):
            site.editor = editor
            for sent in ({"content_length": str(size)}, {"transfer_encoding": "chunked"}):
                answer = await site.sent(path, bytes(size), cookie=cookie, **sent)
                assert answer.status == status, (editor, path, size)
        forged = await site.sent("/desk/posts", bytes(MEGABYTE), cookie=cookie[:-3], content_length=str(MEGABYTE))
        assert forged.status == 413
        assert site.flask.for_editors.budget.remaining == 9 * MEGABYTE + 8 * MEGABYTE

    on_fake_site(test, max_body=MEGABYTE, max_upload=9 * MEGABYTE)


def test_stranger_at_the_desk_is_limited_without_flask(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        site.flask.queue.free = 0  # no thread is free for Flask
        scope = {"method": "POST", "path": "/desk/posts", "query_string": b"", "http_version": "1.1", "scheme": "http"}
        requests = {**scope, "headers": [(b"cookie", b"session=eyJkZXNrIjoiMSJ9.x.y")]}
        assert await site.flask.allowance(requests, 10 * MEGABYTE) is site.flask.for_readers
        site.flask.queue.free = 3

    on_fake_site(test)


def test_editor_check_waits_in_the_queue(on_fake_site: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.01)

    async def test(site: FakeSite) -> None:
        site.flask.queue.free = 0
        cookie = site.cookie_of_editor()
        answer = await site.sent("/desk/posts", bytes(MEGABYTE), cookie=cookie, content_length=str(MEGABYTE))
        assert answer.status == 503
        site.flask.queue.free = 3

    on_fake_site(test)


def test_budget_limits_all_bodies_and_is_always_released(on_fake_site: Callable[..., None]) -> None:
    async def test(site: FakeSite) -> None:
        budget = site.flask.for_readers.budget
        budget.remaining = 250_000
        half = [Client(bytes(100_000), then="http.disconnect") for _ in range(2)]
        held = asyncio.Event()
        for client in half:
            client.receive = delayed_receive(client.receive, held)  # type: ignore[method-assign]
        requests = [asyncio.create_task(site.ask("/x", c, transfer_encoding="chunked")) for c in half]
        await until(lambda: budget.remaining == 50_000)
        assert (await site.sent("/x", bytes(60_000), content_length="60000")).status == 503
        assert (await site.sent("/x", bytes(50_000), content_length="50000")).status == 200
        held.set()
        await asyncio.gather(*requests)
        assert budget.remaining == 250_000

    on_fake_site(test)


def delayed_receive(receive: Callable[[], Awaitable[Message]], gate: asyncio.Event) -> Callable[[], Awaitable[Message]]:
    """Delay all parts after the first until the gate opens."""
    first = True

    async def wait() -> Message:
        nonlocal first
        if not first:
            await gate.wait()
        first = False
        return await receive()

    return wait


def test_late_body_is_answered_408_and_full_disk_503(
    on_fake_site: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(site: FakeSite) -> None:
        late = Client(b"half", then="")
        late.messages[-1]["more_body"] = True
        await site.ask("/x", late, content_length="10")
        assert (late.status, "in time" in late.text) == (408, True)
        monkeypatch.setattr(request_bodies.tempfile, "SpooledTemporaryFile", FullDisk)
        full = await site.sent("/x", b"abc", content_length="3")
        assert full.status == 503
        assert "No space left" in caplog.text
        assert site.flask.for_readers.budget.remaining == request_bodies.MAX_READER_BODY_BYTES

    monkeypatch.setattr(flask_requests.asyncio, "timeout", quick_timeout)
    on_fake_site(test)


class FullDisk:
    def __init__(self, _most: int) -> None: ...

    def write(self, _chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None: ...


real_timeout = asyncio.timeout


def quick_timeout(seconds: float) -> asyncio.Timeout:
    return real_timeout(min(seconds, 0.05))


def test_refused_bodies_are_discarded_for_few_clients_at_a_time(
    on_fake_site: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask_requests, "MAX_DISCARDING_CLIENTS", 1)

    async def test(site: FakeSite) -> None:
        first, second = Client(bytes(300_000)), Client(bytes(300_000))
        gate = asyncio.Event()
        first.receive = delayed_receive(first.receive, gate)  # type: ignore[method-assign]
        first.messages.insert(0, {"type": "http.request", "body": b"", "more_body": True})
        requests = asyncio.create_task(site.ask("/x", first, content_length="300000"))
        await until(lambda: site.flask.discarding)
        await site.ask("/x", second, content_length="300000")
        assert (second.status, second.reads) == (413, 0)
        gate.set()
        await requests
        assert (first.status, first.reads) == (413, 2)

    on_fake_site(test)


def test_budget_is_exact() -> None:
    budget = Budget(10)
    budget.reserve(10)
    with pytest.raises(request_bodies.ServerBusy):
        budget.reserve(1)
    budget.release(10)
    assert budget.remaining == 10
