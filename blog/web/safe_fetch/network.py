"""Resolve names and connect to the addresses that were checked."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from blog.web.safe_fetch.fetch_errors import FetchError
from blog.web.safe_fetch.public_addresses import PORTS, Target, is_public

# how many addresses of a name are tried
MAX_ADDRESSES = 3


def resolve_host(host: str, port: int) -> list[str]:
    """Return the IP addresses of a name. The system limits the time of this."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Network:
    """Hold what tests replace: DNS, other allowed servers (IP address and port), a certificate authority."""

    resolve: Callable[[str, int], Sequence[str]] = resolve_host
    allowed: frozenset[tuple[str, int]] = frozenset()
    ca_file: str | None = None

    def addresses(self, target: Target) -> list[str]:
        """Resolve the name of a target and check every address. Raises: FetchError."""
        if target.port not in PORTS and target.port not in {port for _, port in self.allowed}:
            raise FetchError("wrong_port", port=target.port)
        try:
            found = list(self.resolve(target.host, target.port))
        except (OSError, UnicodeError):
            raise FetchError("no_such_host", host=target.host) from None
        if not found:
            raise FetchError("no_such_host", host=target.host)
        # one private address among others is an attack, or a mistake, too
        if not all(is_public(address) or (address, target.port) in self.allowed for address in found):
            raise FetchError("private_address", host=target.host)
        return found[:MAX_ADDRESSES]


INTERNET = Network()


@dataclass(frozen=True)
class Deadline:
    """End all waiting for one fetch at a moment of the monotonic clock."""

    at: float
    host: str

    def remaining(self) -> float:
        """Return the seconds left. Raises: FetchError if none are."""
        if (seconds := self.at - time.monotonic()) <= 0:
            raise FetchError("too_slow", host=self.host)
        return seconds


class DeadlineSocket(socket.socket):
    """Read until a deadline, however slowly bytes come; a timeout alone begins anew with each."""

    deadline: Deadline

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(self.deadline.remaining())
        return super().recv_into(*arguments)


class DeadlineTLSSocket(ssl.SSLSocket):
    deadline: Deadline

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(self.deadline.remaining())
        return super().recv_into(*arguments)


def connect(target: Target, network: Network, deadline: Deadline) -> socket.socket:
    """Connect to a checked address; TLS is for the name. Raises: FetchError."""
    addresses = network.addresses(target)
    for address in addresses:
        try:
            sock = _connect(address, target.port, deadline)
            return sock if target.scheme == "http" else _wrap(sock, target.host, network, deadline)
        except ssl.SSLCertVerificationError:
            raise FetchError("certificate", host=target.host) from None
        except OSError:
            deadline.remaining()
    raise FetchError("no_connection", host=target.host)


def _connect(address: str, port: int, deadline: Deadline) -> DeadlineSocket:
    sock = DeadlineSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.deadline = deadline
    try:
        sock.settimeout(deadline.remaining())
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _wrap(sock: DeadlineSocket, host: str, network: Network, deadline: Deadline) -> DeadlineTLSSocket:
    context = ssl.create_default_context(cafile=network.ca_file)
    context.sslsocket_class = DeadlineTLSSocket
    try:
        sock.settimeout(deadline.remaining())  # for the whole handshake
        wrapped = context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
    assert isinstance(wrapped, DeadlineTLSSocket)  # noqa: S101  the class that the context was given
    wrapped.deadline = deadline
    return wrapped
