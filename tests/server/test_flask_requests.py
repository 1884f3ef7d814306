"""What stands before Flask, with an app whose views wait until the test lets them go."""

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
    """One request: the parts of its body as they arrive, and what was answered."""

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


class World:
    """An app with a view that waits, one that says how much came, and a desk that one cookie opens."""

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
def in_world() -> Iterator[Callable[..., None]]:
    def run(test: Callable[[World], Awaitable[None]], **settings: Any) -> None:
        async def main() -> None:
            world = World(**settings)
            try:
                await test(world)
            finally:
                world.gate.set()
                world.flask.queue.threads.shutdown()
            assert world.flask.discarding == 0

        runner.run(main())

    with asyncio.Runner() as runner:
        yield run


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)


def test_beyond_the_queue_is_503_at_once_and_what_waits_is_answered(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        world.flask.queue.reads.most = 4
        waiting = [asyncio.create_task(world.sent("/wait", method="GET")) for _ in range(5)]
        await until(lambda: world.flask.queue.reads.length == 4)
        refused = await world.sent("/wait", method="GET")
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "nothing you wrote is lost" in refused.text
        world.gate.set()
        assert [client.status for client in await asyncio.gather(*waiting)] == [200] * 5

    in_world(test, threads=1)


def test_to_htmx_a_refusal_never_takes_the_place_of_the_form(
    in_world: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.01)

    async def test(world: World) -> None:
        world.flask.queue.free_to_write = 0
        refused = await world.sent("/wait", b"body=text", content_length="9", hx_request="true")
        assert (refused.status, refused.headers["hx-retarget"]) == (503, "#comment-error")
        assert refused.headers["hx-reswap"] == "innerHTML"
        world.flask.queue.free_to_write = 2

    in_world(test)


def test_requests_whose_client_has_gone_are_not_run(in_world: Callable[..., None]) -> None:
    class Gone:
        def is_closing(self) -> bool:
            return True

    async def test(world: World) -> None:
        first = asyncio.create_task(world.sent("/wait", method="GET"))
        await until(lambda: world.ran)
        scope = {"method": "GET", "path": "/wait", "query_string": b"", "headers": [], "http_version": "1.1"}
        abandoned = [Client() for _ in range(3000)]
        asked = [
            asyncio.create_task(
                world.flask({**scope, "scheme": "http", "talkback.transport": Gone()}, c.receive, c.send)
            )
            for c in abandoned
        ]
        await asyncio.sleep(0)
        living = asyncio.create_task(world.sent("/wait", method="GET"))
        await asyncio.sleep(0)
        world.gate.set()
        assert (await living).status == (await first).status == 200
        await asyncio.gather(*asked)
        assert world.ran == 2

    in_world(test, threads=1)


def test_a_reader_may_send_192_kb_and_not_a_byte_more(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        for path in ("/posts/1/comments", "/desk/session", "/desk/posts", "/desk/imports", "/nowhere"):
            most = bytes(MAX_READER_BODY)
            assert (await world.sent(path, most, content_length=str(len(most)))).text == str(len(most))
            large = Client(most, b"x")
            await world.ask(path, large, content_length=str(len(most) + 1), expect="100-continue")
            assert (large.status, large.reads) == (413, 0), path
            chunked = await world.sent(path, most, b"x", transfer_encoding="chunked")
            assert chunked.status == 413, path
            assert chunked.headers["connection"] == "close"
        assert world.flask.for_readers.budget.left == request_bodies.MAX_READER_BODIES

    in_world(test)


def test_who_says_less_than_is_sent_is_measured_by_what_is_sent(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        liar = await world.sent("/nowhere", bytes(MAX_READER_BODY), b"x", content_length="10")
        assert liar.status == 413

    in_world(test)


def test_an_editor_may_send_more_and_one_whose_session_ended_what_outlives_it(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        cookie = world.cookie_of_editor()
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
            world.editor = editor
            for sent in ({"content_length": str(size)}, {"transfer_encoding": "chunked"}):
                answer = await world.sent(path, bytes(size), cookie=cookie, **sent)
                assert answer.status == status, (editor, path, size)
        forged = await world.sent("/desk/posts", bytes(MEGABYTE), cookie=cookie[:-3], content_length=str(MEGABYTE))
        assert forged.status == 413
        assert world.flask.for_editors.budget.left == 9 * MEGABYTE + 8 * MEGABYTE

    in_world(test, max_body=MEGABYTE, max_upload=9 * MEGABYTE)


def test_who_never_was_an_editor_does_not_enter_flask_to_be_refused_the_desk(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        world.flask.queue.free = 0  # Flask is not to be asked
        scope = {"method": "POST", "path": "/desk/posts", "query_string": b"", "http_version": "1.1", "scheme": "http"}
        asked = {**scope, "headers": [(b"cookie", b"session=eyJkZXNrIjoiMSJ9.x.y")]}
        assert await world.flask.allowance(asked, 10 * MEGABYTE) is world.flask.for_readers
        world.flask.queue.free = 3

    in_world(test)


def test_the_question_whether_an_editor_asks_waits_in_the_queue_too(
    in_world: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "MAX_WAIT_SECONDS", 0.01)

    async def test(world: World) -> None:
        world.flask.queue.free = 0
        cookie = world.cookie_of_editor()
        answer = await world.sent("/desk/posts", bytes(MEGABYTE), cookie=cookie, content_length=str(MEGABYTE))
        assert answer.status == 503
        world.flask.queue.free = 3

    in_world(test)


def test_all_bodies_together_are_bounded_and_given_back_on_every_way(in_world: Callable[..., None]) -> None:
    async def test(world: World) -> None:
        budget = world.flask.for_readers.budget
        budget.left = 250_000
        half = [Client(bytes(100_000), then="http.disconnect") for _ in range(2)]
        held = asyncio.Event()
        for client in half:
            client.receive = slowly(client.receive, held)  # type: ignore[method-assign]
        asked = [asyncio.create_task(world.ask("/x", c, transfer_encoding="chunked")) for c in half]
        await until(lambda: budget.left == 50_000)
        assert (await world.sent("/x", bytes(60_000), content_length="60000")).status == 503
        assert (await world.sent("/x", bytes(50_000), content_length="50000")).status == 200
        held.set()
        await asyncio.gather(*asked)
        assert budget.left == 250_000

    in_world(test)


def slowly(receive: Callable[[], Awaitable[Message]], gate: asyncio.Event) -> Callable[[], Awaitable[Message]]:
    """After the first part the next comes when the test lets it."""
    first = True

    async def wait() -> Message:
        nonlocal first
        if not first:
            await gate.wait()
        first = False
        return await receive()

    return wait


def test_a_body_that_does_not_arrive_and_a_full_disk_are_sentences(
    in_world: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(world: World) -> None:
        late = Client(b"half", then="")
        late.messages[-1]["more_body"] = True
        await world.ask("/x", late, content_length="10")
        assert (late.status, "in time" in late.text) == (408, True)
        monkeypatch.setattr(request_bodies.tempfile, "SpooledTemporaryFile", FullDisk)
        full = await world.sent("/x", b"abc", content_length="3")
        assert full.status == 503
        assert "No space left" in caplog.text
        assert world.flask.for_readers.budget.left == request_bodies.MAX_READER_BODIES

    monkeypatch.setattr(flask_requests.asyncio, "timeout", quick_timeout)
    in_world(test)


class FullDisk:
    def __init__(self, _most: int) -> None: ...

    def write(self, _chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None: ...


real_timeout = asyncio.timeout


def quick_timeout(seconds: float) -> asyncio.Timeout:
    return real_timeout(min(seconds, 0.05))


def test_few_at_a_time_are_let_send_what_is_refused(
    in_world: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask_requests, "MAX_DISCARDING", 1)

    async def test(world: World) -> None:
        first, second = Client(bytes(300_000)), Client(bytes(300_000))
        gate = asyncio.Event()
        first.receive = slowly(first.receive, gate)  # type: ignore[method-assign]
        first.messages.insert(0, {"type": "http.request", "body": b"", "more_body": True})
        asked = asyncio.create_task(world.ask("/x", first, content_length="300000"))
        await until(lambda: world.flask.discarding)
        await world.ask("/x", second, content_length="300000")
        assert (second.status, second.reads) == (413, 0)
        gate.set()
        await asked
        assert (first.status, first.reads) == (413, 2)

    in_world(test)


def test_a_budget_is_exact() -> None:
    budget = Budget(10)
    budget.take(10)
    with pytest.raises(request_bodies.Busy):
        budget.take(1)
    budget.give_back(10)
    assert budget.left == 10
