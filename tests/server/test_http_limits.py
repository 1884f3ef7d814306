"""Test the protocol on a fake transport and clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from blog.server import http_limits
from blog.server.http_limits import HEADER_SECONDS, MAX_HEADER_BYTES, WRITE_SECONDS, BoundedProtocol, Connections
from blog.settings import Settings

GET = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"


class Transport:
    """Fake a connection; `unsent` is what its client has not read."""

    def __init__(self, address: str) -> None:
        self.address, self.sent, self.unsent = address, b"", 0
        self.closed = self.aborted = self.paused = self.ended = False

    def get_extra_info(self, name: str) -> object:
        return {"peername": (self.address, 40_000), "sockname": ("127.0.0.1", 80)}.get(name)

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Site:
    """Record requests, and answer them when the gate is open."""

    def __init__(self, **settings: Any) -> None:
        self.asked: list[tuple[str, dict[bytes, bytes], bytes]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.loop = asyncio.get_running_loop()
        self.connections = Connections(Settings(**settings))
        self.config = Config(self.app, loop="none", interface="asgi3", lifespan="off", log_config=None)
        self.config.proxy_headers = False
        self.config.load()
        self.state = ServerState()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.asked.append((scope["path"], dict(scope["headers"]), body))
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def connect(self, address: str = "192.0.2.1") -> tuple[BoundedProtocol, Transport]:
        transport = Transport(address)
        protocol = BoundedProtocol(self.config, self.state, {}, _loop=self.loop, connections=self.connections)
        protocol.connection_made(transport)  # type: ignore[arg-type]
        return protocol, transport

    def close_all(self) -> None:
        for protocol in list(self.connections.open):
            protocol.connection_lost(None)


@pytest.fixture
def on_site() -> Iterator[Callable[..., None]]:
    def run(test: Callable[[Site], Any], **settings: Any) -> None:
        async def main() -> None:
            site = Site(**settings)
            await test(site)
            site.gate.set()
            site.close_all()
            await let_tasks_run()

        runner.run(main())

    with asyncio.Runner() as runner:
        yield run


async def let_tasks_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def status(transport: Transport) -> int:
    return int(transport.sent.split(b" ", 2)[1]) if transport.sent else 0


def test_request_is_answered_and_connection_stays_open(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        for _ in range(2):
            protocol.data_received(GET)
            await let_tasks_run()
        assert transport.sent.count(b"HTTP/1.1 200 OK") == 2
        assert not transport.closed

    on_site(test)


HEAD = b"GET /?q=%s HTTP/1.1\r\nHost: x\r\n"
TOO_MUCH = {
    "one long target": [HEAD % (b"a" * MAX_HEADER_BYTES)],
    "a target without end": [b"GET /", *[b"a" * 1000] * 70],
    "one long header": [HEAD % b"", b"X: " + b"a" * (MAX_HEADER_BYTES - 10), b"\r\n\r\n"],
    "a header without end": [HEAD % b"", b"X: ", *[b"a" * 1000] * 70],
    "a name without end": [HEAD % b"", *[b"a" * 1000] * 70],
    "many headers": [HEAD % b"", *[b"X: y\r\n"] * 14_000],
    "blank lines for ever": [b"\r\n" * 500] * 70,
    "many trailers": [
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        *[b"X: y\r\n"] * 14_000,
    ],
    "a trailer without end": [
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        *[b"a" * 1000] * 70,
    ],
    "a chunk extension without end": [
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=",
        *[b"a" * 1000] * 70,
    ],
}


@pytest.mark.parametrize("pieces", TOO_MUCH.values(), ids=TOO_MUCH)
def test_headers_are_limited_in_every_form(on_site: Callable[..., None], pieces: list[bytes]) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        sent = 0
        for piece in pieces:
            if not transport.ended:
                protocol.data_received(piece)
                sent += len(piece)
            await asyncio.sleep(0)
        assert status(transport) == 431
        assert transport.ended
        assert sent <= MAX_HEADER_BYTES + 3000
        assert site.asked == []

    on_site(test)


def test_long_but_allowed_request_is_answered(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        protocol.data_received(HEAD % (b"a" * 30_000) + b"Cookie: " + b"b" * 30_000 + b"\r\n\r\n")
        await let_tasks_run()
        assert status(transport) == 200
        body = [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n", *[b"c" * 1000] * 300]
        for piece in body:
            protocol.data_received(piece)
            await asyncio.sleep(0)
        await let_tasks_run()
        assert transport.sent.count(b"HTTP/1.1 200 OK") == 2

    on_site(test)


def test_trailers_do_not_become_headers(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        protocol.data_received(b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        protocol.data_received(b"Cookie: stolen\r\n\r\n")
        await let_tasks_run()
        assert status(transport) == 200
        assert site.asked == [("/a", {b"host": b"x", b"transfer-encoding": b"chunked"}, b"a")]

    on_site(test)


@pytest.mark.parametrize("rest", [GET, b"POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", b"garbage"])
def test_pipelined_request_is_not_run(on_site: Callable[..., None], rest: bytes) -> None:
    async def test(site: Site) -> None:
        site.gate.clear()
        protocol, transport = site.connect()
        protocol.data_received(b"POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab" + rest)
        await let_tasks_run()
        protocol.data_received(rest)
        assert not transport.closed
        site.gate.set()
        await let_tasks_run()
        assert [(path, body) for path, _, body in site.asked] == [("/first", b"ab")]
        assert transport.sent.count(b"HTTP/1.1") == 1
        assert b"connection: close" in transport.sent
        assert transport.closed

    on_site(test)


@pytest.mark.parametrize(
    "request_", [b"FOO / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"\x16\x03\x01"]
)
def test_malformed_request_is_refused_and_not_logged(
    on_site: Callable[..., None], request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        protocol.data_received(request_)
        await let_tasks_run()
        assert status(transport) == 400
        assert transport.ended

    on_site(test)
    assert caplog.text == ""


@pytest.mark.parametrize("half", [b"G", b"\r\n", GET[:-2]])
def test_late_headers_end_the_connection(on_site: Callable[..., None], half: bytes) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        protocol.data_received(half)
        begun = site.loop.time()
        protocol.check(begun + HEADER_SECONDS - 1)
        protocol.data_received(half[-1:] if half == b"\r\n" else b"")
        assert not transport.closed
        protocol.check(begun + HEADER_SECONDS + 1)
        assert (status(transport), transport.ended) == (408, True)

    on_site(test)


def test_data_after_a_refusal_is_dropped(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        for then in (lambda one: one.check(site.loop.time() + 2), lambda one: one.data_received(bytes(300_000))):
            protocol, transport = site.connect()
            protocol.data_received(b"FOO / HTTP/1.1\r\n\r\n")
            protocol.data_received(GET)
            protocol.check(site.loop.time())
            await let_tasks_run()
            assert (transport.sent.count(b"HTTP/1.1"), transport.closed, site.asked) == (1, False, [])
            then(protocol)
            assert transport.closed

    on_site(test)


def test_long_response_is_not_a_header_timeout(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        site.gate.clear()
        protocol, transport = site.connect()
        protocol.data_received(GET)
        await let_tasks_run()
        protocol.check(site.loop.time() + 1000)
        assert not transport.closed

    on_site(test)


def test_unused_connection_is_closed(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        site.config.timeout_keep_alive = 0
        _, transport = site.connect()
        await asyncio.sleep(0.01)
        assert transport.closed

    on_site(test)


def test_client_reading_nothing_for_a_minute_is_aborted(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        protocol, transport = site.connect()
        protocol.data_received(GET)
        await let_tasks_run()
        transport.unsent = 1000
        for second in (0, 30, 59):
            protocol.check(second)
        assert not transport.aborted
        transport.unsent = 999  # slow but reading
        for second in (60, 90, 119):
            protocol.check(second)
        assert not transport.aborted
        transport.unsent = 2000  # more is written than read
        protocol.check(60 + WRITE_SECONDS + 1)
        assert transport.aborted

    on_site(test)


def test_unread_responses_are_limited_in_sum(on_site: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "MAX_UNSENT_BYTES", 2500)

    async def test(site: Site) -> None:
        opened = [site.connect() for _ in range(4)]
        for number, (protocol, transport) in enumerate(opened):
            transport.unsent = 1000
            protocol.check(site.loop.time() - 10 + number)
        opened[3][1].unsent = 10  # reading
        site.connections.sweep(site.loop)
        assert [transport.aborted for _, transport in opened] == [True, False, False, False]

    on_site(test)


def test_connections_are_counted_by_network(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        limit = site.connections.max_per_network
        first = [site.connect(f"2001:db8::{number}") for number in range(limit)]
        assert not any(transport.closed for _, transport in first)
        _, refused = site.connect("2001:db8::ffff")
        assert (status(refused), refused.closed) == (503, True)
        assert b"Retry-After: " in refused.sent
        assert not site.connect("2001:db8:0:1::1")[1].closed
        first[0][0].connection_lost(None)
        assert not site.connect("2001:db8::ffff")[1].closed

    on_site(test, live_streams_per_address=2)


def test_trusted_proxy_is_limited_only_by_the_total(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        site.connections.max_total = 200
        opened = [site.connect("::ffff:127.0.0.1")[1] for _ in range(201)]
        assert [transport.closed for transport in opened] == [False] * 200 + [True]
        site.close_all()
        assert (site.connections.open, dict(site.connections.networks)) == ({}, {})

    on_site(test, live_streams_per_address=2)


def test_streams_leave_connections_for_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, streams in ((100_000, 5000), (4096, 5000), (1024, 5000), (256, 5000), (1024, 10)):
        monkeypatch.setattr(http_limits.resource, "getrlimit", lambda _, files=files: (files, files))
        settings = Settings(live_streams=streams)
        limit = http_limits.max_connections(settings)
        assert http_limits.max_streams(settings) <= limit / 2 or limit - http_limits.max_streams(settings) >= 1000
        assert limit <= max(16, files / 2)


def test_request_notices_its_disconnected_client(on_site: Callable[..., None]) -> None:
    async def test(site: Site) -> None:
        site.gate.clear()
        protocol, _ = site.connect()
        protocol.data_received(GET)
        await let_tasks_run()
        cycle = protocol.cycle
        protocol.connection_lost(None)
        assert cycle.disconnected

    on_site(test)
