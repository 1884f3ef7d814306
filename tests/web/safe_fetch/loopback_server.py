"""Serve scripted answers on 127.0.0.1, and record what was asked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from blog.web.safe_fetch import Network

Answer = bytes | Iterable[bytes]


@dataclass
class LoopbackServer:
    """Answer each connection by `answers[path]`; `requests` holds what was received."""

    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def network(self, *names: str, resolve: Callable[[str, int], list[str]] | None = None, ca: str = "") -> Network:
        """Return the network of a test: every name is 127.0.0.1, where this server alone is allowed."""
        allowed = frozenset({("127.0.0.1", self.port)})
        return Network(resolve or (lambda _host, _port: ["127.0.0.1"]), allowed, ca or None)

    def url(self, path: str = "/", host: str = "hub.test", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def serve(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection, context), daemon=True).start()

    def answer(self, connection: socket.socket, context: ssl.SSLContext | None) -> None:
        try:
            with connection if context is None else context.wrap_socket(connection, server_side=True) as sock:
                sock.settimeout(10)
                received = b""
                while b"\r\n\r\n" not in received:
                    if not (part := sock.recv(65536)):
                        return
                    received += part
                head, _, body = received.partition(b"\r\n\r\n")
                for line in head.lower().split(b"\r\n"):
                    while line.startswith(b"content-length:") and len(body) < int(line[15:]):
                        body += sock.recv(65536)
                self.requests.append(head + b"\r\n\r\n" + body)
                answer = self.answers.get(head.split(b" ")[1].decode(), b"HTTP/1.1 404 Not Found\r\n\r\n")
                for part in [answer] if isinstance(answer, bytes) else answer:
                    if self.stopped.is_set():
                        return
                    sock.sendall(part)
        except OSError:
            return  # the client went away


@contextmanager
def loopback_server(pem: str = "") -> Iterator[LoopbackServer]:
    context = None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))
    server = LoopbackServer(port=listener.getsockname()[1])
    thread = threading.Thread(target=server.serve, args=(listener, context), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        listener.close()


def page(body: bytes = b"Hello", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect_to(address: str, status: int = 302) -> bytes:
    return page(b"", f"Location: {address}", status=f"{status} Found")
