"""Test the server by raw requests of slow and stalled clients."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import text

from blog.db import db
from blog.web.static_files import asset
from tests.factories import a_comment, a_post
from tests.live_server import Server


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    opened: list[socket.socket] = []
    yield opened
    for one in opened:
        one.close()


def connect(server: Server, sockets: list[socket.socket]) -> socket.socket:
    sockets.append(socket.create_connection(("127.0.0.1", server.port), 10))
    return sockets[-1]


def get(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    found = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return found


def test_slow_clients_do_not_block_others(serve: Callable[..., Server], sockets: list[socket.socket]) -> None:
    post = a_post("Target")
    for number in range(100):
        a_comment(post, f"{number} " + "word " * 1900)
    server = serve(THREADS="4")
    for _ in range(50):
        half = connect(server, sockets)
        half.sendall(
            f"POST /posts/{post.id}/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nbody=half".encode()
        )
        stalled = connect(server, sockets)
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(f"GET {post.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    for path in ("/", post.path, "/static/img/icon.svg") * 5:
        assert get(server, path)[0] == 200


def test_late_request_body_is_answered_408(serve: Callable[..., Server], sockets: list[socket.socket]) -> None:
    server = serve(BODY_SECONDS="1")
    half = connect(server, sockets)
    half.sendall(b"POST /posts/1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nbody=")
    answer = half.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 408")
    assert "content-security-policy" in answer


def test_oversized_body_is_refused_unread(serve: Callable[..., Server], sockets: list[socket.socket]) -> None:
    server = serve(MAX_BODY="1000")
    large = connect(server, sockets)
    large.sendall(b"POST /posts/1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nbody=")
    assert large.recv(4096).startswith(b"HTTP/1.1 413")


def test_every_response_has_security_headers(serve: Callable[..., Server]) -> None:
    server = serve(LIVE_STREAMS="0")
    for path, status in (
        ("/", 200),
        ("/nothing", 404),
        ("/static/img/icon.svg", 200),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
        ("/static/nothing.css", 404),
        ("/posts/1/live", 204),
        ("/live", 204),
    ):
        found, headers, _ = get(server, path)
        assert found == status, path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert "camera=(), " in headers["permissions-policy"], path
        assert headers["permissions-policy"].endswith("publickey-credentials-get=(self)"), path
        assert "strict-transport-security" not in headers, path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin", path
        assert "set-cookie" not in headers, path


def test_full_hub_answers_204_then_503_on_reconnect(serve: Callable[..., Server]) -> None:
    server = serve(LIVE_STREAMS="0")
    assert get(server, "/live")[0] == 204
    status, headers, _ = get(server, "/live", **{"Last-Event-ID": "3"})
    assert status == 503
    assert int(headers["retry-after"]) > 0


def test_hidden_posts_have_no_stream(serve: Callable[..., Server]) -> None:
    draft = a_post("Secret", draft=True)
    server = serve()
    for path in (f"/posts/{draft.id}/live", "/posts/999/live", "/posts/0/live", f"/posts/{'9' * 18}/live"):
        assert get(server, path)[0] == 404


def test_stream_starts_with_a_heartbeat_and_is_not_cached(
    serve: Callable[..., Server], sockets: list[socket.socket]
) -> None:
    post = a_post("Target")
    a_comment(post)
    server = serve(LIVE_BEAT="1")
    stream = connect(server, sockets)
    stream.sendall(f"GET /posts/{post.id}/live?since=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    received = b""
    while received.count(b"event: beat") < 2:
        received += stream.recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"text/event-stream" in head
    assert b"cache-control: no-store" in head
    assert b"x-accel-buffering: no" in head
    assert b"id: 1\nevent: beat" in body
    a_comment(post, "Now.")
    while b"Now." not in received:
        received += stream.recv(4096)


def test_static_files_are_cached_below_the_hash_of_their_tree(serve: Callable[..., Server]) -> None:
    server = serve()
    _, headers, content = get(server, "/static/img/icon.svg")
    assert headers["cache-control"] == "no-cache"
    tag = headers["etag"]
    assert get(server, "/static/img/icon.svg", **{"If-None-Match": tag})[0] == 304
    cache_control = get(server, asset("img/icon.svg"))[1]["cache-control"]
    assert "immutable" in cache_control
    assert b"<svg" in content


def test_pages_are_revalidated_by_etag(serve: Callable[..., Server]) -> None:
    post = a_post("Target")
    server = serve()
    _, headers, _ = get(server, post.path)
    assert headers["cache-control"] == "no-cache"
    assert get(server, post.path, **{"If-None-Match": headers["etag"]})[0] == 304
    a_comment(post)
    assert get(server, post.path, **{"If-None-Match": headers["etag"]})[0] == 200


def connections(server: Server) -> int:
    """Count the database connections of the server process."""
    if db.engine.dialect.name == "sqlite":
        files = [path.readlink().name for path in Path(f"/proc/{server.process.pid}/fd").iterdir() if path.is_symlink()]
        return files.count("blog.sqlite")
    here = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    return db.session.execute(here).scalar_one()


def test_stream_holds_no_database_connection(serve: Callable[..., Server], sockets: list[socket.socket]) -> None:
    post = a_post("Target")
    server = serve()
    before = connections(server)
    for _ in range(40):
        stream = connect(server, sockets)
        stream.sendall(f"GET /posts/{post.id}/live?since=0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b"200 OK" in stream.recv(4096)
    # beside the change listener and the jobs: the pool of the threads that read for streams
    assert connections(server) <= before + 4
