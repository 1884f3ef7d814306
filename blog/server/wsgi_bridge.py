"""Call a WSGI app in a thread for an ASGI request.

A thread never waits for a client: the request is read before the app is called, and the response is complete before
its first byte is sent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from blog.web.asgi_types import Scope, Send

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

RETRY_SECONDS = 5


@dataclass(frozen=True)
class HTTPResponse:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def wsgi_environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """Build the WSGI environment of a request (PEP 3333)."""
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("", 80)
    variables: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REQUEST_URI": scope.get("raw_path", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # would become the same key as the hyphenated header that a proxy checked
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        separator = "; " if key == "HTTP_COOKIE" else ","
        variables[key] = f"{variables[key]}{separator}{value}" if key in variables else value
    return variables


def call_wsgi(app: WSGIApp, variables: dict[str, Any]) -> HTTPResponse:
    """Call the WSGI app in this thread."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
        written: list[bytes] = []
        started[:] = [status, headers, written]
        return written.append

    chunks = app(variables, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, headers, written = started
    return HTTPResponse(int(status[:3]), headers, b"".join(written) + body)


def plain_response(headers: list[tuple[str, str]], status: int, text: str, *, htmx: bool = False) -> HTTPResponse:
    """Build a plain text response that closes the connection.

    htmx shows it above the comment form, not in its place.
    """
    extra = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]
    if status == 503:
        extra.append(("Retry-After", str(RETRY_SECONDS)))
    if htmx:
        extra += [("HX-Retarget", "#comment-error"), ("HX-Reswap", "innerHTML")]
    return HTTPResponse(status, [*headers, *extra], text.encode())


async def send_response(send: Send, answer: HTTPResponse, *, head: bool = False) -> None:
    """Send the response; for HEAD its headers only."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if not any(name == b"content-length" for name, _ in headers) and answer.status not in {204, 304}:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
