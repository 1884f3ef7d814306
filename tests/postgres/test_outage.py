"""Test that no text is lost while PostgreSQL is down."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from blog import create_app
from blog.db import db
from blog.migrations import migrate
from blog.server.health import NO_ANSWER, Readiness
from blog.settings import Settings
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.cluster import Cluster
from tests.postgres.databases import on_postgres
from tests.postgres.test_acts import filled_form, http_request
from tests.proofreader import check_html


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def cluster_app(cluster: Cluster, tmp_path: Path) -> Iterator[Flask]:
    """Create the app on the cluster."""
    settings = Settings(blog_instance=tmp_path / "instance", database_url=cluster.address)
    migrate(settings.database)
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


class StreamReader:
    """Read an open live stream."""

    def __init__(self, server: Server, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), 60)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.received = b""

    def hears(self, words: str) -> None:
        """Wait until the words are received."""
        while words.encode() not in self.received:
            more = self.socket.recv(65536)
            assert more, self.received
            self.received += more


@pytest.fixture
def server(cluster_app: Flask, cluster: Cluster, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "instance", DATABASE_URL=cluster.address, LIVE_BEAT="1", WEB_CONCURRENCY="2")
    yield server
    assert server.stop() == 0, server.log.read_text()


@pytest.fixture
def follow(server: Server) -> Iterator[Callable[[str], StreamReader]]:
    opened: list[StreamReader] = []

    def open_stream(path: str) -> StreamReader:
        opened.append(StreamReader(server, path))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.socket.close()


def test_outage_loses_no_comment_and_recovers(
    cluster: Cluster, server: Server, follow: Callable[[str], StreamReader]
) -> None:
    post = a_post("Herons return")
    thread, home = follow(f"/posts/{post.id}/live?since=0"), follow("/live?since=0")
    thread.hears("event: beat")
    home.hears("\ndata:")  # not the "data:" of the policy in the head
    form, cookie = filled_form(server, post.id, "Kept <through> the outage.")

    cluster.stop()
    for path in (post.path, "/", f"/posts/{post.id}/comments/1", f"/posts/{post.id}/comments/new?parent=1"):
        assert_unavailable(server, path)
    assert_text_returned(server, f"/posts/{post.id}/comments", form, cookie)
    assert http_request(server, "GET", f"/posts/{post.id}/live")[0] == 503
    assert http_request(server, "GET", "/static/img/icon.svg")[0] == 200

    cluster.start()
    a_comment(post, "Written elsewhere.")
    thread.hears("Written elsewhere.")
    home.hears("1 Response<")
    assert http_request(server, "POST", f"/posts/{post.id}/comments", form, Cookie=cookie)[0] == 303
    thread.hears("the outage.")
    home.hears("2 Responses<")
    assert http_request(server, "GET", post.path)[0] == 200
    assert count() == 2


def assert_unavailable(server: Server, path: str) -> None:
    status, headers, page = http_request(server, "GET", path)
    assert (status, headers["cache-control"]) == (503, "no-store"), page
    assert "The site cannot answer at the moment." in page
    assert "psycopg" not in page
    check_html(page, fragment=False)


def assert_text_returned(server: Server, path: str, form: dict[str, str], cookie: str) -> None:
    """Check the page and the fragment of a refused form."""
    for headers in ({}, {"HX_Request": "true"}):
        status, _, page = http_request(server, "POST", path, form | {"parent_id": "7"}, Cookie=cookie, **headers)
        assert status == 503
        assert "This could not be saved. Your text is still here" in page
        for fragment in ("Kept &lt;through&gt; the outage.</textarea>", 'value="Ann"', form["key"], f'action="{path}"'):
            assert fragment in page
        assert 'name="parent_id" value="7"' in page
        check_html(page, fragment=bool(headers))


def test_server_without_its_database_does_not_start(cluster: Cluster, cluster_app: Flask, tmp_path: Path) -> None:
    cluster.stop()
    with pytest.raises(AssertionError, match=r"cannot be used .*Connection refused"):
        Server(tmp_path / "instance", DATABASE_URL=cluster.address)


def test_server_is_not_ready_without_its_database(cluster: Cluster, cluster_app: Flask) -> None:
    async def problem() -> str:
        return await Readiness(cluster_app).problem()

    assert asyncio.run(problem()) == ""
    cluster.stop()
    assert asyncio.run(problem()) == NO_ANSWER


@on_postgres
def test_read_only_database_returns_the_text_and_is_reconnected(app: Flask, client: FlaskClient, database: str) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Kept <through> a failover"}
    client.get(post.path)  # a connection is open
    name = make_url(database).database
    with psycopg.connect(database, autocommit=True) as other:
        db.engine.dispose()
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        try:
            for headers in (HTMX, {}):
                response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
                assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
                assert "Kept &lt;through&gt; a failover" in response.text
        finally:
            other.execute("SET default_transaction_read_only = off")
            other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    # the pooled connection is still read-only; the first write closes it
    tries = [client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code for _ in range(2)]
    assert tries == [503, 200]
    assert count() == 1
