"""Test that the ASGI server and Flask serve pictures, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.media.library import save_picture, small_address
from tests.factories import a_post
from tests.live_server import Server
from tests.media.image_files import encode, four_colors, noise_image

DIGEST = "ab" + "0" * 38
OTHER_NAMES = [
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


def fetch(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return body


def path_of(app: Flask, address: str) -> Path:
    return app.config["SETTINGS"].blog_instance / address.lstrip("/")


def check_headers(headers: dict[str, str], kind: str) -> None:
    assert headers["content-type"] == kind
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers
    assert "vary" not in headers


def test_the_asgi_server_serves_both_sizes(blog: Flask, serve: Callable[..., Server]) -> None:
    photo, drawing = save_picture(encode(noise_image(1600, 1800))), save_picture(encode(four_colors(), "PNG"))
    server = serve()
    for address, kind in ((photo, "image/jpeg"), (small_address(photo), "image/jpeg"), (drawing, "image/webp")):
        content = path_of(blog, address).read_bytes()
        status, headers, body = fetch(server, address)
        assert (status, body) == (200, content)
        check_headers(headers, kind)
        status, headers, body = fetch(server, address, "HEAD")
        assert (status, body, headers["content-length"]) == (200, b"", str(len(content)))
        check_headers(headers, kind)
        for tag in (headers["etag"], f'"x", W/{headers["etag"]}'):
            assert fetch(server, address, **{"If-None-Match": tag})[::2] == (304, b"")
        assert fetch(server, address, **{"If-None-Match": '"other"'})[0] == 200
    assert path_of(blog, photo).stat().st_size > 1_000_000  # more than one chunk


def test_the_asgi_server_serves_nothing_else(blog: Flask, serve: Callable[..., Server]) -> None:
    server = serve()
    for name in OTHER_NAMES:
        status, headers, body = fetch(server, f"/media/{name}")
        assert (status, body) == (404, b"There is no such picture."), name
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
    assert fetch(server, "/media", "GET")[0] == 404
    assert fetch(server, f"/media/ab/{DIGEST}-1600.jpg", "POST")[0] in {400, 404, 405}


def test_fifty_stalled_downloads_block_nobody(blog: Flask, serve: Callable[..., Server]) -> None:
    address, post = save_picture(encode(noise_image(1600, 1800))), a_post("Target")
    server, stalled = serve(THREADS="2"), []
    for _ in range(50):
        stalled.append(connection := socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    for path in ("/", post.path, address) * 3:
        assert fetch(server, path)[0] == 200
    for connection in stalled:
        connection.close()


def test_flask_serves_both_formats(app: Flask, client: FlaskClient) -> None:
    for address, kind in (
        (save_picture(encode(four_colors())), "image/jpeg"),
        (save_picture(encode(four_colors(), "PNG")), "image/webp"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.data) == (200, path_of(app, address).read_bytes())
        check_headers({name.lower(): value for name, value in answer.headers}, kind)
        assert client.head(address).content_length == len(answer.data)
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.post(address).status_code in {400, 405}


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_flask_serves_nothing_else(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/media/{name}", follow_redirects=True)
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]
