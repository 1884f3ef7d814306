"""Test body limits of readers and editors, and their error pages."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable

import pytest
from flask import Flask

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from tests.factories import a_post
from tests.live_server import Server
from tests.posts.forms import form_in

PASSWORD = "a sentence to remember"
BOUNDARY = "----boundary"


class Browser:
    """Send requests over a real connection with cookies."""

    def __init__(self, server: Server) -> None:
        self.port, self.cookies = server.port, dict[str, str]()

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
        """Return status, page and Location."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {"Cookie": sent, **headers})
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, value = cookie.partition(";")[0].split("=", 1)
            self.cookies[name] = value
        page = answer.read().decode()
        connection.close()
        return answer.status, page, answer.headers["Location"] or ""

    def post(self, path: str, fields: dict[str, str], photo: bytes = b"") -> tuple[int, str, str]:
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts.append(b'name="photo_file"; filename="a.jpg"\r\n\r\n' + photo)
        body = (
            b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + part + b"\r\n" for part in parts)
            + f"--{BOUNDARY}--\r\n".encode()
        )
        return self.send("POST", path, body, **{"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})

    def token(self, path: str) -> str:
        return re.search(r'name="csrf_token"[^>]* value="([^"]*)"', self.send("GET", path)[1])[1]  # type: ignore[index]


@pytest.fixture
def server(blog: Flask, serve: Callable[..., Server]) -> Server:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    return serve(MAX_BODY="1500000", MAX_UPLOAD="9000000")


@pytest.fixture
def ed(server: Server) -> Browser:
    browser = Browser(server)
    fields = {"csrf_token": browser.token("/desk/sign-in"), "email": "ed@example.org", "password": PASSWORD}
    assert browser.post("/desk/session", fields)[0] == 303
    return browser


def test_too_large_photo_is_refused_and_the_text_returned(ed: Browser) -> None:
    form = form_in(ed.send("GET", "/desk/posts/new")[1]) | {"then": "save", "title": "Herons return"}
    status, page, _ = ed.post("/desk/posts", form, b"GIF89a" + bytes(5_000_000))
    assert status == 422
    assert "This looks like a GIF" in page
    assert "Herons return" in page


def test_editor_beyond_the_limit_gets_a_413_page(ed: Browser) -> None:
    form = form_in(ed.send("GET", "/desk/posts/new")[1]) | {"then": "save", "title": "Herons return"}
    status, page, _ = ed.post("/desk/posts", form, bytes(6_100_000))
    assert status == 413
    assert "<h1>Too large</h1>" in page
    assert "choose a smaller file" in page
    assert "Herons return" not in ed.send("GET", "/desk/posts")[1]
    assert ed.post("/desk/imports", {"csrf_token": "x"}, bytes(9_100_000))[0] == 413


def test_reader_limit_is_unchanged(server: Server, ed: Browser) -> None:
    post = a_post()
    for path in (f"/posts/{post.id}/comments", "/desk/posts", "/desk/imports", "/nowhere"):
        status, page, _ = Browser(server).post(path, {"body": "x"}, bytes(1_600_000))
        assert status in {403, 404, 405, 413}, path
        assert "<h1>" in page, path
    assert Browser(server).send("GET", "/", bytes(1_600_000))[0] == 413


def test_htmx_gets_a_sentence_for_a_too_large_body(server: Server) -> None:
    post = a_post()
    status, page, _ = Browser(server).send(
        "POST",
        f"/posts/{post.id}/comments",
        b"body=" + bytes(1_600_000),
        **{"HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert status == 413
    assert "Please shorten it" in page
    assert "<h1>" not in page
