"""Test the limits of a running server by raw requests."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import delete

from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, EditorSession
from tests.factories import a_post
from tests.live_server import Server
from tests.posts.forms import form_in
from tests.server.test_body_limits import PASSWORD, Browser

MEGABYTE = 1_000_000


def exchange(server: Server, *parts: bytes, address: str = "127.0.0.1") -> bytes:
    """Return all data until the server closes or stops sending."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), 10, (address, 0)) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            connection.settimeout(2)
            while more := connection.recv(65_536):
                received += more
        except OSError:
            pass
    return received


def memory_bytes(server: Server) -> int:
    rollup = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return 1024 * next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


@pytest.mark.parametrize("processes", ["1", "2"])
def test_endless_headers_are_refused(serve: Callable[..., Server], processes: str) -> None:
    server = serve() if processes == "1" else serve(WEB_CONCURRENCY=processes)
    before = memory_bytes(server)
    line = b"X-Long: " + b"a" * 8000 + b"\r\n"
    answer = exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\n", *[line] * 5000)
    assert answer[:12] in {b"HTTP/1.1 431", b""}  # the response may be lost while the client sends
    assert exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\n", line * 9, b"\r\n").startswith(b"HTTP/1.1 431")
    assert memory_bytes(server) - before < 20 * MEGABYTE
    assert exchange(server, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_connections_of_one_address_are_limited(serve: Callable[..., Server]) -> None:
    server = serve(LIVE_STREAMS_PER_ADDRESS="0")
    held = [socket.create_connection(("127.0.0.1", server.port), 10, ("127.0.0.9", 0)) for _ in range(60)]
    for connection in held[:50]:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    refused = exchange(server, address="127.0.0.9")
    assert refused.startswith(b"HTTP/1.1 503")
    for header in (b"Retry-After", b"Content-Security-Policy", b"HX-Retarget: #comment-error"):
        assert header in refused
    assert exchange(server, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", address="127.0.0.8").startswith(b"HTTP/1.1 200")
    for connection in held:
        connection.close()
    free = b""
    while not free.startswith(b"HTTP/1.1 200"):
        free = exchange(server, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", address="127.0.0.9")


HOSTILE = {
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a strange encoding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a length that is no number": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
    "an endless length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
    "a bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a bad method": b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no path": b"GET http://evil.example HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bad port": b"GET http://evil.example:99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a NUL": b"GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n",
    "letters beyond ASCII": "GET /é?q=é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a blank before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


def test_malformed_request_is_answered_400_without_a_log_line(serve: Callable[..., Server]) -> None:
    server = serve()
    for name, request in HOSTILE.items():
        assert exchange(server, request).startswith(b"HTTP/1.1 400"), name
    assert exchange(server, b"GET /?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 431")
    for odd in (b"/a%00b", b"/%ff%fe?q=%ff", b"/%ed%a0%80", b"//evil.example/x", b"/?q=" + b"a" * 60_000):
        assert exchange(server, b"GET " + odd + b" HTTP/1.0\r\nHost: x\r\n\r\n")[9:12] in {b"200", b"404"}, odd
    assert "WARNING" not in server.log.read_text()


def test_header_with_underscore_is_dropped(serve: Callable[..., Server]) -> None:
    post = a_post()
    server = serve()
    request = f"GET /posts/{post.id}/comments/token HTTP/1.0\r\nHost: x\r\nHX_Request: true\r\n".encode()
    plain = exchange(server, request.replace(b"HX_Request", b"X-Other") + b"Content_Length: 9\r\n\r\n")
    assert exchange(server, request + b"\r\n").count(b"\n") == plain.count(b"\n")


def test_request_after_a_refused_one_is_not_run(serve: Callable[..., Server]) -> None:
    server = serve()
    hidden = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    large = b"POST /posts/1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for first, status in ((large, b"413"), (last, b"200"), (b"FOO / HTTP/1.1\r\n\r\n", b"400")):
        answer = exchange(server, first + hidden)
        assert answer[9:12] == status
        assert answer.count(b"HTTP/1.1 ") == 1


def test_pages_are_served_while_writes_wait(serve: Callable[..., Server]) -> None:
    post = a_post()
    server = serve()
    writers = [Writer(server, post.id) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        with writing():
            db.session.execute(delete(EditorSession))
            posting = [pool.submit(writer.post, f"Herons, seen {n} times.") for n, writer in enumerate(writers)]
            for _ in range(5):
                assert Browser(server).send("GET", "/")[0] == 200
            assert not all(request.done() for request in posting)
        statuses = [request.result() for request in posting]
    assert set(statuses) <= {200, 503}
    assert 200 in statuses


class Writer:
    """Hold a token and cookies to post a comment."""

    def __init__(self, server: Server, post_id: int) -> None:
        self.port, self.place = server.port, f"/posts/{post_id}/comments"
        status, page, cookies = self.send("GET", f"{self.place}/token")
        assert status == 200
        self.fields = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', page))
        self.cookie = "; ".join(cookie.partition(";")[0] for cookie in cookies)

    def post(self, body: str) -> int:
        form = urlencode(self.fields | {"body": body, "name": "Ann"})
        kind = "application/x-www-form-urlencoded"
        return self.send("POST", self.place, form, **{"Content-Type": kind, "Cookie": self.cookie})[0]

    def send(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, list[str]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"HX-Request": "true", **headers})
        answer = connection.getresponse()
        found = answer.status, answer.read().decode(), answer.headers.get_all("Set-Cookie") or []
        connection.close()
        return found


@pytest.fixture
def ed(blog: Flask, serve: Callable[..., Server]) -> Browser:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    browser = Browser(serve())
    fields = {"csrf_token": browser.token("/desk/sign-in"), "email": "ed@example.org", "password": PASSWORD}
    assert browser.post("/desk/session", fields)[0] == 303
    return browser


def test_large_form_of_an_expired_session_is_returned(ed: Browser) -> None:
    form = form_in(ed.send("GET", "/desk/posts/new")[1]) | {"then": "save", "title": "Herons return"}
    with writing():
        db.session.execute(delete(EditorSession))
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(photo := io.BytesIO(), "JPEG", quality=90)
    assert len(photo.getvalue()) > MEGABYTE
    status, page, _ = ed.post("/desk/posts", form | {"body": "<p>" + "Herons. " * 40_000 + "</p>"}, photo.getvalue())
    assert status == 403
    assert "Herons return" in page
    assert page.count("Herons. ") >= 40_000


def test_large_body_to_the_desk_is_refused_for_others(ed: Browser) -> None:
    for path in ("/desk/session", "/desk/posts", "/desk/imports", "/desk/first-run/x"):
        connection = HTTPConnection("127.0.0.1", ed.port, timeout=10)
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", str(20 * MEGABYTE))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status in {403, 413}, path
        answer.read()
        connection.close()


def test_expect_100_continue_is_answered_within_the_limit(ed: Browser) -> None:
    with socket.create_connection(("127.0.0.1", ed.port), 10) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"abc")
        assert b" 405 " in connection.recv(100)
