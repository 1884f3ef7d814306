"""Fetch a URL from a public server within limits of size and time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from socket import socket
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import BaseHTTPResponse

from blog.web.safe_fetch.fetch_errors import FetchError
from blog.web.safe_fetch.network import INTERNET, Deadline, Network, connect
from blog.web.safe_fetch.public_addresses import Target, parse_url

CHUNK_BYTES = 65_536
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
HEADERS = {"User-Agent": "Talkback", "Accept-Encoding": "gzip, deflate", "Connection": "close"}
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Limits:
    """Bound one fetch: bytes on the line and after decompression, seconds and redirects in all."""

    max_bytes: int = 2_000_000
    seconds: float = 10.0
    redirects: int = 5


@dataclass(frozen=True)
class Fetched:
    """Hold an answer of any status; `url` is the one after all redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Request:
    """Hold an encoded form for POST, None for GET, and headers."""

    form: bytes | None
    headers: Mapping[str, str]

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"


def fetch(
    url: str,
    *,
    form: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    network: Network = INTERNET,
) -> Fetched:
    """Fetch a URL by GET, or send an encoded `form` by POST, which follows no redirect.

    Names are looked up once for each request, and only a checked address is connected to. No cookies, credentials or
    proxies are used. Raises: FetchError.
    """
    limits = limits or Limits()
    until, target = time.monotonic() + limits.seconds, parse_url(url)
    for _ in range(limits.redirects + 1):
        deadline = Deadline(until, target.host)
        sock = connect(target, network, deadline)
        answer = _request(
            sock,
            target,
            Request(form, {**(FORM_HEADERS if form is not None else {}), **(headers or {})}),
            limits,
            deadline,
        )
        if answer.status not in REDIRECTS or not (location := answer.headers.get("location")):
            return answer
        if form is not None:
            raise FetchError("redirected", host=target.host)
        target = follow(target, location)
    raise FetchError("many_redirects", host=target.host)


def follow(target: Target, location: str) -> Target:
    """Parse where a redirect leads. Raises: FetchError."""
    try:
        return parse_url(urljoin(target.url, location))
    except ValueError:
        raise FetchError("wrong_address") from None


def _request(sock: socket, target: Target, request: Request, limits: Limits, deadline: Deadline) -> Fetched:
    connection = HTTPConnection(target.host, target.port, timeout=deadline.remaining())
    connection.sock = sock  # so that urllib3 neither looks up the name nor connects
    headers = {**HEADERS, **request.headers, "Host": target.authority}
    try:
        connection.request(request.method, target.path, request.form, headers, preload_content=False)
        with closing(connection.getresponse()) as response:
            body = b"" if response.status in REDIRECTS else _read_body(response, limits, deadline)
            return Fetched(target.url, response.status, {k.lower(): v for k, v in response.headers.items()}, body)
    except (HTTPError, HTTPException, OSError, ValueError):
        deadline.remaining()
        raise FetchError("broken_answer", host=target.host) from None
    finally:
        connection.close()
        sock.close()


def _read_body(response: BaseHTTPResponse, limits: Limits, deadline: Deadline) -> bytes:
    """Read piece by piece, and stop as soon as a limit is passed."""
    too_large = FetchError("large_answer", host=deadline.host, most=limits.max_bytes)
    if response.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
        raise DecodeError("an encoding that was not asked for")
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limits.max_bytes:
        raise too_large
    parts, size = [], 0
    while part := response.read(CHUNK_BYTES, decode_content=True):
        size += len(part)
        if size > limits.max_bytes:
            raise too_large
        deadline.remaining()
        parts.append(part)
    return b"".join(parts)
