"""Pictures go out the same by the shell and by Flask, for ever, and nothing else goes out with them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.media.library import keep, small
from tests.factories import a_post
from tests.live_server import Server
from tests.media.image_files import encoded, noise, quartered

DIGEST = "ab" + "0" * 38
NOT_OURS = [
    "",
    "ab/",
    f"ab/{DIGEST}-1600.jpg",
    f"ab/{DIGEST}-1600.svg",
    f"cd/{DIGEST}-1600.jpg",
    f"ab/{DIGEST}-1600.jpg/",
    f"ab/{DIGEST}-1600.jpg%00",
    f"ab/{DIGEST}-1600.jpg%0a",
    ".drafts/0123456789abcdef",
    "../secret_key",
    "..%2fsecret_key",
    "%2e%2e/secret_key",
    "ab/../../secret_key",
    "....//secret_key",
    "..%5csecret_key",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "%C0%AE%C0%AE/secret_key",
]


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    found = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return found


def place(app: Flask, address: str) -> Path:
    return app.config["SETTINGS"].blog_instance / address.lstrip("/")


def check(headers: dict[str, str], kind: str) -> None:
    assert headers["content-type"] == kind
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers
    assert "vary" not in headers


def test_the_shell_serves_both_sizes(blog: Flask, serve: Callable[..., Server]) -> None:
    photo, drawing = keep(encoded(noise(1600, 1800))), keep(encoded(quartered(), "PNG"))
    server = serve()
    for address, kind in ((photo, "image/jpeg"), (small(photo), "image/jpeg"), (drawing, "image/webp")):
        content = place(blog, address).read_bytes()
        status, headers, found = ask(server, address)
        assert (status, found) == (200, content)
        check(headers, kind)
        status, headers, found = ask(server, address, "HEAD")
        assert (status, found, headers["content-length"]) == (200, b"", str(len(content)))
        check(headers, kind)
        for tag in (headers["etag"], f'"x", W/{headers["etag"]}'):
            assert ask(server, address, **{"If-None-Match": tag})[::2] == (304, b"")
        assert ask(server, address, **{"If-None-Match": '"other"'})[0] == 200
    assert place(blog, photo).stat().st_size > 1_000_000  # more than goes out in one piece


def test_the_shell_serves_nothing_else(blog: Flask, serve: Callable[..., Server]) -> None:
    server = serve()
    for name in NOT_OURS:
        status, headers, found = ask(server, f"/media/{name}")
        assert (status, found) == (404, b"There is no such picture."), name
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
    assert ask(server, "/media", "GET")[0] == 404
    assert ask(server, f"/media/ab/{DIGEST}-1600.jpg", "POST")[0] in {400, 404, 405}


def test_fifty_stalled_downloads_of_a_large_picture_keep_nobody_waiting(
    blog: Flask, serve: Callable[..., Server]
) -> None:
    address, post = keep(encoded(noise(1600, 1800))), a_post("Target")
    server, stalled = serve(THREADS="2"), []
    for _ in range(50):
        stalled.append(one := socket.socket())
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", server.port))
        one.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    for path in ("/", post.path, address) * 3:
        assert ask(server, path)[0] == 200
    for one in stalled:
        one.close()


def test_flask_serves_the_same(app: Flask, client: FlaskClient) -> None:
    for address, kind in (
        (keep(encoded(quartered())), "image/jpeg"),
        (keep(encoded(quartered(), "PNG")), "image/webp"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.data) == (200, place(app, address).read_bytes())
        check({name.lower(): value for name, value in answer.headers}, kind)
        assert client.head(address).content_length == len(answer.data)
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.post(address).status_code in {400, 405}


@pytest.mark.parametrize("name", NOT_OURS)
def test_flask_serves_nothing_else(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/media/{name}", follow_redirects=True)
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]
