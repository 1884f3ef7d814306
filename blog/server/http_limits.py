"""Bounds on connections, headers and silence, kept by the HTTP protocol before any request exists.

uvicorn with httptools has no option for them. `BoundedProtocol` is its protocol with four more things: connections are
counted, headers and trailers are measured, one sweep every few seconds closes what waits for too long, and requests
sent before the last one was answered (pipelining, which no browser does) end the connection after that answer.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from functools import cached_property
from http import HTTPStatus
from typing import Any, cast

from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blog.ip_networks import network_of, unmapped
from blog.server.wsgi_bridge import plain_answer
from blog.settings import Settings
from blog.web.security_headers import security_headers

MAX_HEADER_BYTES = 65_536  # request line, headers and trailers
HEADER_SECONDS = 10.0
WRITE_SECONDS = 60.0
SWEEP_SECONDS = 1.0
# after a refusal
LINGER_SECONDS = 1.0
MAX_DROPPED_BYTES = 262_144

# readers who load pages must find room while all streams are taken
CONNECTIONS_BESIDE_STREAMS = 1_000
CONNECTIONS_PER_NETWORK_BESIDE_STREAMS = 50
# files of the database, the log, uploads and processes
RESERVED_FILES = 256
# what clients that do not read may keep in the memory of one process, all together
MAX_UNSENT_BYTES = 64_000_000

TRANSPORT = "talkback.transport"

SENTENCES = {
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time. Please send it again.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request has more headers than this site takes.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The site has too many visitors just now. Please try again in a moment.",
}

# a malformed request is no news, and a line for each would let anybody fill the disk
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def max_connections(settings: Settings) -> int:
    """Bound the connections of one process by the streams, and by the files that it may open.

    A connection may hold a file besides its socket.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    wanted = settings.live_streams + CONNECTIONS_BESIDE_STREAMS
    return wanted if files == resource.RLIM_INFINITY else max(16, min(wanted, (files - RESERVED_FILES) // 2))


def max_streams(settings: Settings) -> int:
    """Bound the streams so that connections are left for pages, also where few files may be opened."""
    most = max_connections(settings)
    return min(settings.live_streams, max(most // 2, most - CONNECTIONS_BESIDE_STREAMS))


def refusal_bytes(status: HTTPStatus, security_headers: list[tuple[str, str]]) -> bytes:
    """Write the answer to a connection that is closed; nobody knows then whether htmx asked."""
    answer = plain_answer(security_headers, status, SENTENCES[status], htmx=True)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    return "\r\n".join([*lines, f"Content-Length: {len(answer.body)}", "", ""]).encode() + answer.body


class Connections:
    """All open connections of one process, counted by network and swept."""

    def __init__(self, settings: Settings) -> None:
        self.most = max_connections(settings)
        self.most_per_network = settings.live_streams_per_address + CONNECTIONS_PER_NETWORK_BESIDE_STREAMS
        self.proxies = list(settings.trusted_proxies)
        self.refusals = {status: refusal_bytes(status, security_headers(settings)) for status in SENTENCES}
        self.open: dict[BoundedProtocol, str] = {}
        self.networks: Counter[str] = Counter()
        self.sweeping = False

    @cached_property
    def trusted(self) -> _TrustedHosts:
        """The trusted proxies. Made when first asked, since it cannot be sent to a worker process."""
        return _TrustedHosts(self.proxies)

    def network_of(self, address: str) -> str:
        """Name the network that a connection counts for; a trusted proxy, "", may have any share of them."""
        return "" if address in self.trusted else network_of(address)

    def has_room(self, network: str, waiting: int = 0, waiting_of_network: int = 0) -> bool:
        """Tell whether one more connection may be open, besides those that wait to be."""
        if len(self.open) + waiting >= self.most:
            return False
        return not network or self.networks[network] + waiting_of_network < self.most_per_network

    def admit(self, connection: BoundedProtocol, address: str) -> bool:
        """Count a new connection, unless there are too many."""
        network = self.network_of(address)
        if not self.has_room(network):
            return False
        self.open[connection] = network
        self.networks[network] += 1
        if not self.sweeping:
            self.sweeping = True
            connection.loop.call_later(SWEEP_SECONDS, self.sweep, connection.loop)
        return True

    def release(self, connection: BoundedProtocol) -> None:
        """Stop counting a connection that has ended; one that was refused was never counted."""
        network = self.open.pop(connection, None)
        if network is None:
            return
        self.networks[network] -= 1
        if not self.networks[network]:
            del self.networks[network]

    def sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has waited for too long, and of those who do not read so many that memory suffices."""
        now, stalled = loop.time(), []
        for connection in list(self.open):
            if connection.check(now):
                stalled.append(connection)
        unsent = sum(connection.unsent for connection in stalled)
        for connection in sorted(stalled, key=lambda one: one.moved_at):
            if unsent > MAX_UNSENT_BYTES:
                unsent -= connection.unsent
                connection.transport.abort()
        self.sweeping = bool(self.open)
        if self.sweeping:
            loop.call_later(SWEEP_SECONDS, self.sweep, loop)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol within bounds; made for every connection by `functools.partial` with `connections`."""

    def __init__(self, *given: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*given, **named)
        self.bounds = connections
        self.refusal = HTTPStatus.BAD_REQUEST
        self.head_since: float | None = None
        self.refused_at: float | None = None
        self.head_bytes = self.silent_bytes = self.dropped_bytes = 0
        self.in_body = self.reported = False
        self.unsent, self.moved_at = 0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            self.client = (unmapped(self.client[0]), self.client[1])
        if not self.bounds.admit(self, self.client[0] if self.client else ""):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        # a connection that sends nothing is closed like one that has been used
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self.bounds.release(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused_at is not None:
            self.drop(data)
            return
        if self.head_since is None and not self.answering:
            self.head_since = self.loop.time()
        self.reported = False
        super().data_received(data)
        # of a header that has not ended httptools says nothing, and keeps it
        self.silent_bytes = 0 if self.reported else self.silent_bytes + len(data)
        if self.silent_bytes > MAX_HEADER_BYTES and self.refused_at is None:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def drop(self, data: bytes) -> None:
        self.dropped_bytes += len(data)
        if self.dropped_bytes > MAX_DROPPED_BYTES:
            self.transport.close()

    @property
    def answering(self) -> bool:
        """Whether a request has been read whose answer has not ended."""
        return self.cycle is not None and not self.cycle.response_complete

    def on_message_begin(self) -> None:
        if self.answering:
            raise ValueError("a request before the last one was answered")
        self.reported, self.in_body, self.head_bytes = True, False, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.measure(len(name) + len(value) + 4)
        # trailers are left out, or they would pass for headers that a proxy has checked (RFC 9110, 6.5.1)
        if not self.in_body:
            super().on_header(name, value)

    def measure(self, count: int) -> None:
        self.reported = True
        self.head_bytes += count
        if self.head_bytes > MAX_HEADER_BYTES:
            self.refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("more headers than are read")

    def on_headers_complete(self) -> None:
        self.in_body, self.head_since = True, None
        if [name for name, _ in self.headers].count(b"host") > 1:
            raise ValueError("more than one Host (RFC 9112, 3.2)")
        super().on_headers_complete()
        # asked before its turn in the queue, whether the client is still there
        cast(dict[str, Any], self.scope)[TRANSPORT] = self.transport

    def on_chunk_header(self) -> None:
        self.reported = True

    def on_body(self, body: bytes) -> None:
        self.reported = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.reported = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read; behind a whole request, let that one be answered and close then."""
        if self.answering and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        else:
            self.refuse(self.refusal)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer in a sentence, unless another answer has begun, and end the connection.

        What still arrives is dropped for a moment: a connection closed over unread bytes is reset, and the client
        would lose the answer.
        """
        if self.answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.answering and self.cycle.response_started:
            self.transport.close()
            return
        self.transport.write(self.bounds.refusals[status])
        if self in self.bounds.open:
            self.refused_at = self.loop.time()
            self.transport.write_eof()
        else:
            self.transport.close()

    def check(self, now: float) -> bool:
        """Close the connection where it has waited too long; whether its client reads nothing at the moment."""
        if self.refused_at is not None:
            if now - self.refused_at > LINGER_SECONDS:
                self.transport.close()
        elif self.head_since is not None and now - self.head_since > HEADER_SECONDS and not self.transport.is_closing():
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        unsent = self.transport.get_write_buffer_size()
        stalled = 0 < self.unsent <= unsent
        self.unsent = unsent
        if not stalled:
            self.moved_at = now
        elif now - self.moved_at > WRITE_SECONDS:
            self.transport.abort()
        return stalled
