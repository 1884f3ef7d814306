"""PostgreSQL goes away in the middle and comes back: nobody's text is lost, and nobody starts Talkback again."""

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
from blog.server.health import SILENT, Readiness
from blog.settings import Settings
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.cluster import Cluster
from tests.postgres.databases import on_postgres
from tests.postgres.test_acts import a_form, ask
from tests.proofreader import check_html


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def app_there(cluster: Cluster, tmp_path: Path) -> Iterator[Flask]:
    """The blog on that cluster, in the test's own process."""
    settings = Settings(blog_instance=tmp_path / "instance", database_url=cluster.address)
    migrate(settings.database)
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


class Following:
    """A reader's open stream."""

    def __init__(self, server: Server, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), 60)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.received = b""

    def hears(self, words: str) -> None:
        """Wait until these words have come."""
        while words.encode() not in self.received:
            more = self.socket.recv(65536)
            assert more, self.received
            self.received += more


@pytest.fixture
def server(app_there: Flask, cluster: Cluster, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "instance", DATABASE_URL=cluster.address, LIVE_BEAT="1", WEB_CONCURRENCY="2")
    yield server
    assert server.stop() == 0, server.log.read_text()


@pytest.fixture
def follow(server: Server) -> Iterator[Callable[[str], Following]]:
    opened: list[Following] = []

    def open_stream(path: str) -> Following:
        opened.append(Following(server, path))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.socket.close()


def test_an_outage_loses_no_text_and_no_response_and_heals_by_itself(
    cluster: Cluster, server: Server, follow: Callable[[str], Following]
) -> None:
    post = a_post("Herons return")
    thread, home = follow(f"/posts/{post.id}/live?since=0"), follow("/live?since=0")
    thread.hears("event: beat")
    home.hears("data:")
    form, cookie = a_form(server, post.id, "Kept <through> the outage.")

    cluster.stop()
    for path in (post.path, "/", f"/posts/{post.id}/comments/1", f"/posts/{post.id}/comments/new?parent=1"):
        says_that_it_is_busy(server, path)
    gives_the_text_back(server, f"/posts/{post.id}/comments", form, cookie)
    assert ask(server, "GET", f"/posts/{post.id}/live")[0] == 503
    assert ask(server, "GET", "/static/img/icon.svg")[0] == 200

    cluster.start()
    a_comment(post, "Written elsewhere.")
    thread.hears("Written elsewhere.")
    home.hears("1 Response<")
    assert ask(server, "POST", f"/posts/{post.id}/comments", form, Cookie=cookie)[0] == 303
    thread.hears("the outage.")
    home.hears("2 Responses<")
    assert ask(server, "GET", post.path)[0] == 200
    assert count() == 2


def says_that_it_is_busy(server: Server, path: str) -> None:
    status, headers, page = ask(server, "GET", path)
    assert (status, headers["cache-control"]) == (503, "no-store"), page
    assert "The site cannot answer at the moment." in page
    assert "psycopg" not in page
    check_html(page, fragment=False)


def gives_the_text_back(server: Server, path: str, form: dict[str, str], cookie: str) -> None:
    """By a plain form on a page that has everything in it; to htmx as a sentence beside the form, which stays."""
    status, _, page = ask(server, "POST", path, form | {"parent_id": "7"}, Cookie=cookie)
    assert status == 503
    assert "could not be saved just now; your text is still here" in page
    for kept in ("Kept &lt;through&gt; the outage.</textarea>", 'value="Ann"', form["key"], f'action="{path}"'):
        assert kept in page
    assert 'name="parent_id" value="7"' in page
    check_html(page, fragment=False)
    status, headers, _ = ask(server, "POST", path, form, Cookie=cookie, HX_Request="true")
    assert (status, headers["hx-retarget"]) == (503, "#comment-error")


def test_a_server_that_cannot_reach_it_says_so_and_stops(cluster: Cluster, app_there: Flask, tmp_path: Path) -> None:
    cluster.stop()
    with pytest.raises(AssertionError, match=r"cannot be used .*Connection refused"):
        Server(tmp_path / "instance", DATABASE_URL=cluster.address)


def test_without_its_database_a_server_lives_but_is_not_ready(cluster: Cluster, app_there: Flask) -> None:
    async def obstacle() -> str:
        return await Readiness(app_there).obstacle()

    assert asyncio.run(obstacle()) == ""
    cluster.stop()
    assert asyncio.run(obstacle()) == SILENT


@on_postgres
def test_a_server_that_became_read_only_gives_the_text_back_and_is_left(
    app: Flask, client: FlaskClient, database: str
) -> None:
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
    # the last answer was made over a connection to what was read-only then; the first write gives that up
    tries = [client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code for _ in range(2)]
    assert tries == [503, 200]
    assert count() == 1
