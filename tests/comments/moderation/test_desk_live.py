"""Test the editors' stream on a real server by raw requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from flask import Flask
from sqlalchemy import delete

from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, EditorSession
from tests.comments.moderation.desk import hold
from tests.factories import a_comment, a_post
from tests.live_server import Server

PASSWORD = "a sentence to remember"


class Browser:
    """Keep Ed's cookies and read streams."""

    def __init__(self, server: Server) -> None:
        self.server, self.cookie = server, ""
        self.connections: list[HTTPConnection] = []

    def send(self, method: str, path: str, body: str = "", **headers: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.connections.append(connection)
        headers |= {"Cookie": self.cookie} if self.cookie else {}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        received = [one.partition(";")[0] for one in response.headers.get_all("Set-Cookie", [])]
        remaining = [
            one for one in self.cookie.split("; ") if one and one.partition("=")[0] + "=" not in "; ".join(received)
        ]
        self.cookie = "; ".join(remaining + received)
        return response

    def sign_in(self) -> None:
        page = self.send("GET", "/desk/sign-in").read().decode()
        token = re.search(r'name="csrf_token"[^>]* value="([^"]*)"', page)[1]
        form = f"csrf_token={token}&email=ed%40example.org&password={PASSWORD.replace(' ', '+')}"
        assert self.send("POST", "/desk/session", form).status == 303

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    return serve(LIVE_BEAT="1")


@pytest.fixture
def ed(server: Server) -> Iterator[Browser]:
    browser = Browser(server)
    yield browser
    browser.close()


def event(stream: HTTPResponse) -> str:
    """Return the next event that is no heartbeat, or "" at the end."""
    lines: list[str] = []
    beats = 0
    while line := stream.readline().decode():
        if line.strip():
            lines.append(line)
        elif any("beat" in line for line in lines):
            lines.clear()
            beats += 1
            assert beats < 10
        else:
            return "".join(lines)
    return ""


def test_stream_sends_the_held_count(blog: Flask, server: Server, ed: Browser) -> None:
    comment = hold(a_comment(a_post(), "A secret word"))
    ed.sign_in()
    stream = ed.send("GET", "/desk/live?since=0")
    assert stream.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    assert stream.getheader("Cache-Control") == "no-store"
    assert 'data-count="1"' in event(stream)
    hold(a_comment(comment.post))
    live_event = event(stream)
    while 'data-count="2"' not in live_event:
        assert live_event
        live_event = event(stream)
    assert "secret" not in live_event


@pytest.mark.parametrize("cookie", ["", "talkback=forged", "talkback=eyJkZXNrIjoiZ3Vlc3MifQ.aaaaaa.bbbb"])
def test_stream_needs_an_editor(blog: Flask, server: Server, ed: Browser, cookie: str) -> None:
    hold(a_comment(a_post(), "A secret word"))
    ed.cookie = cookie
    for path in ("/desk/live", "/desk/live?since=0"):
        answer = ed.send("GET", path)
        assert answer.status == 404
        assert b"data-count" not in answer.read()
    for path in ("/live?since=0&desk", "/posts/1/live?since=0"):
        stream = ed.send("GET", path)
        assert stream.status == 200
        assert "waiting-count" not in stream.readline().decode()


def test_stream_ends_with_the_session(blog: Flask, server: Server, ed: Browser) -> None:
    hold(a_comment(a_post()))
    ed.sign_in()
    stream = ed.send("GET", "/desk/live?since=0")
    assert 'data-count="1"' in event(stream)
    with writing():
        db.session.execute(delete(EditorSession))
    assert event(stream) == ""
    assert ed.send("GET", "/desk/live").status == 404
