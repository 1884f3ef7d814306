"""Limit connections, headers and idle time in the HTTP protocol.

uvicorn with httptools has no options for these. `BoundedProtocol` extends its protocol: it counts connections, measures
headers and trailers, closes slow connections every second, and ends a connection that pipelines requests, which no
browser does.
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

from blog.ip_networks import network_of, unmap_ipv4
from blog.server.wsgi_bridge import plain_response
from blog.settings import Settings
from blog.web.security_headers import security_headers

MAX_HEADER_BYTES = 65_536  # request line, headers and trailers
HEADER_SECONDS = 10.0
WRITE_SECONDS = 60.0
SWEEP_SECONDS = 1.0
# after a refusal
LINGER_SECONDS = 1.0
MAX_DROPPED_BYTES = 262_144

# for pages while all streams are open
CONNECTIONS_BESIDE_STREAMS = 1_000
CONNECTIONS_PER_NETWORK_BESIDE_STREAMS = 50
# for the database, the log, uploads and processes
RESERVED_FILES = 256
# response bytes in memory for all clients that do not read, per process
MAX_UNSENT_BYTES = 64_000_000

TRANSPORT = "talkback.transport"

REFUSAL_TEXTS = {
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time. Please send it again.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request has more headers than this site takes.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The site has too many visitors just now. Please try again in a moment.",
}

# log lines for malformed requests would let anyone fill the disk
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def max_connections(settings: Settings) -> int:
    """Return the limit of connections per process, from streams and open files.

    A connection may use a file besides its socket.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    desired = settings.live_streams + CONNECTIONS_BESIDE_STREAMS
    return desired if files == resource.RLIM_INFINITY else max(16, min(desired, (files - RESERVED_FILES) // 2))


def max_streams(settings: Settings) -> int:
    """Return the limit of streams, which leaves connections for pages."""
    total = max_connections(settings)
    return min(settings.live_streams, max(total // 2, total - CONNECTIONS_BESIDE_STREAMS))


def refusal_bytes(status: HTTPStatus, headers: list[tuple[str, str]]) -> bytes:
    """Encode a refusal, for browsers and htmx alike."""
    answer = plain_response(headers, status, REFUSAL_TEXTS[status], htmx=True)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    return "\r\n".join([*lines, f"Content-Length: {len(answer.body)}", "", ""]).encode() + answer.body


class Connections:
    """Count the open connections of one process by network."""

    def __init__(self, settings: Settings) -> None:
        self.max_total = max_connections(settings)
        self.max_per_network = settings.live_streams_per_address + CONNECTIONS_PER_NETWORK_BESIDE_STREAMS
        self.proxies = list(settings.trusted_proxies)
        self.refusals = {status: refusal_bytes(status, security_headers(settings)) for status in REFUSAL_TEXTS}
        self.open: dict[BoundedProtocol, str] = {}
        self.networks: Counter[str] = Counter()
        self.sweeping = False

    @cached_property
    def trusted(self) -> _TrustedHosts:
        """Return the trusted proxies.

        Created on first use, since the object cannot be pickled for a worker.
        """
        return _TrustedHosts(self.proxies)

    def network_of(self, address: str) -> str:
        """Return the network of a connection; "" for a trusted proxy."""
        return "" if address in self.trusted else network_of(address)

    def has_room(self, network: str, waiting: int = 0, waiting_of_network: int = 0) -> bool:
        """Return whether one more connection may be open."""
        if len(self.open) + waiting >= self.max_total:
            return False
        return not network or self.networks[network] + waiting_of_network < self.max_per_network

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
        """Stop counting a connection, if it was counted."""
        network = self.open.pop(connection, None)
        if network is None:
            return
        self.networks[network] -= 1
        if not self.networks[network]:
            del self.networks[network]

    def sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close slow connections; abort stalled ones beyond MAX_UNSENT_BYTES."""
        now, stalled = loop.time(), []
        for connection in list(self.open):
            if connection.check(now):
                stalled.append(connection)
        unsent = sum(connection.unsent for connection in stalled)
        for connection in sorted(stalled, key=lambda one: one.progress_at):
            if unsent > MAX_UNSENT_BYTES:
                unsent -= connection.unsent
                connection.transport.abort()
        self.sweeping = bool(self.open)
        if self.sweeping:
            loop.call_later(SWEEP_SECONDS, self.sweep, loop)


class BoundedProtocol(HttpToolsProtocol):
    """Extend uvicorn's protocol by limits.

    uvicorn creates one per connection from a `functools.partial` with `connections`.
    """

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bounds = connections
        self.refusal = HTTPStatus.BAD_REQUEST
        self.head_started_at: float | None = None
        self.refused_at: float | None = None
        self.head_bytes = self.unparsed_bytes = self.dropped_bytes = 0
        self.in_body = self.parser_called = False
        self.unsent, self.progress_at = 0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            self.client = (unmap_ipv4(self.client[0]), self.client[1])
        if not self.bounds.admit(self, self.client[0] if self.client else ""):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        # the keep-alive timeout closes unused connections too
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self.bounds.release(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused_at is not None:
            self.drop(data)
            return
        if self.head_started_at is None and not self.answering:
            self.head_started_at = self.loop.time()
        self.parser_called = False
        super().data_received(data)
        # httptools buffers an incomplete header without a callback
        self.unparsed_bytes = 0 if self.parser_called else self.unparsed_bytes + len(data)
        if self.unparsed_bytes > MAX_HEADER_BYTES and self.refused_at is None:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def drop(self, data: bytes) -> None:
        self.dropped_bytes += len(data)
        if self.dropped_bytes > MAX_DROPPED_BYTES:
            self.transport.close()

    @property
    def answering(self) -> bool:
        """Return whether a response is still being sent."""
        return self.cycle is not None and not self.cycle.response_complete

    def on_message_begin(self) -> None:
        if self.answering:
            raise ValueError("a request before the last one was answered")
        self.parser_called, self.in_body, self.head_bytes = True, False, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.measure(len(name) + len(value) + 4)
        # trailers are dropped, or they would pass for headers that a proxy checked (RFC 9110, 6.5.1)
        if not self.in_body:
            super().on_header(name, value)

    def measure(self, count: int) -> None:
        self.parser_called = True
        self.head_bytes += count
        if self.head_bytes > MAX_HEADER_BYTES:
            self.refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("more headers than are read")

    def on_headers_complete(self) -> None:
        self.in_body, self.head_started_at = True, None
        if [name for name, _ in self.headers].count(b"host") > 1:
            raise ValueError("more than one Host (RFC 9112, 3.2)")
        super().on_headers_complete()
        # lets the request queue check that the client is connected
        cast(dict[str, Any], self.scope)[TRANSPORT] = self.transport

    def on_chunk_header(self) -> None:
        self.parser_called = True

    def on_body(self, body: bytes) -> None:
        self.parser_called = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.parser_called = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request, or close after the one before it."""
        if self.answering and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        else:
            self.refuse(self.refusal)

    def refuse(self, status: HTTPStatus) -> None:
        """Send a refusal, unless a response has begun, and end the connection.

        Further data is dropped for a moment: closing with unread data resets the connection, and the client would lose
        the response.
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
        """Close the connection after a timeout; return whether its client is stalled."""
        if self.refused_at is not None:
            if now - self.refused_at > LINGER_SECONDS:
                self.transport.close()
        elif (
            self.head_started_at is not None
            and now - self.head_started_at > HEADER_SECONDS
            and not self.transport.is_closing()
        ):
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        unsent = self.transport.get_write_buffer_size()
        stalled = 0 < self.unsent <= unsent
        self.unsent = unsent
        if not stalled:
            self.progress_at = now
        elif now - self.progress_at > WRITE_SECONDS:
            self.transport.abort()
        return stalled
