"""Test parallel writes of several processes and threads."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlencode

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog import db_connections
from blog.comments.models import Comment
from blog.db import db
from blog.db_connections import WRITE_LOCK_KEY
from blog.posts.models import Post
from blog.posts.publishing import publish_post, unpublish_post
from blog.site.models import current_site
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.databases import on_postgres
from tests.system.visits import change


def http_request(
    server: Server, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Send a request; return status, headers and text."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form is not None else None, headers)
    response = connection.getresponse()
    received = {name.lower(): value for name, value in response.getheaders()}
    received["cookie"] = "; ".join(c.partition(";")[0] for c in response.headers.get_all("Set-Cookie", []))
    found = response.status, received, response.read().decode()
    connection.close()
    return found


def filled_form(server: Server, post_id: int, body: str) -> tuple[dict[str, str], str]:
    """Return a filled comment form and its cookie."""
    _, headers, page = http_request(server, "GET", f"/posts/{post_id}/comments/token")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    return form | {"name": "Ann", "body": body}, headers["cookie"]


def run_in_parallel(*operations: Callable[[], object]) -> None:
    """Run the operations in threads and fail on any exception."""
    start, errors = threading.Barrier(len(operations)), []

    def run(operation: Callable[[], object]) -> None:
        start.wait()
        try:
            operation()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[operation]) for operation in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_submission_sent_to_two_processes_is_one_comment(serve: Callable[..., Server]) -> None:
    post, servers = a_post(), [serve(), serve()]
    for number in range(1, 6):
        form, cookie = filled_form(servers[0], post.id, f"Once, number {number}.")
        answers: list[tuple[int, str]] = []

        def send(server: Server, form=form, cookie=cookie, answers=answers) -> None:
            status, headers, _ = http_request(server, "POST", f"/posts/{post.id}/comments", form, Cookie=cookie)
            answers.append((status, headers["location"]))

        run_in_parallel(*(lambda server=server: send(server) for server in servers))
        assert len(set(answers)) == 1
        assert answers[0][0] == 303
        assert count() == number


def test_two_processes_number_comments_in_order(serve: Callable[..., Server]) -> None:
    posts, servers = [a_post("First"), a_post("Second")], [serve(), serve()]

    def write(server: Server, post_id: int) -> None:
        for _ in range(5):
            form, cookie = filled_form(server, post_id, "At once.")
            assert http_request(server, "POST", f"/posts/{post_id}/comments", form, Cookie=cookie)[0] == 303

    places = [(server, post.id) for server in servers for post in posts]
    run_in_parallel(*(lambda place=place: write(*place) for place in places * 2))
    db.session.rollback()
    db.session.expire_all()
    for post in posts:
        versions = db.session.scalars(select(Comment.version).where(Comment.post_id == post.id).order_by(Comment.id))
        assert list(versions) == list(range(1, 21))
        assert db.session.get_one(Post, post.id).comment_count == 20
    assert current_site().version == 42


def test_parallel_writes_never_deadlock(app: Flask) -> None:
    posts = [a_post("First"), a_post("Second")]
    comments = [a_comment(post, f"Under {post.title}.") for post in posts]
    for thing in (*posts, *comments):
        db.session.refresh(thing)
    db.session.expunge_all()  # detached, for use in other threads

    def repeatedly(*operations: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                for operation in operations * 5:
                    operation()

        return run

    run_in_parallel(
        repeatedly(lambda: change(comments[0], "hold", "x"), lambda: change(comments[1], "hold", "x")),
        repeatedly(lambda: change(comments[1], "approve"), lambda: change(comments[0], "approve")),
        repeatedly(lambda: unpublish_post(posts[1].id), lambda: publish_post(posts[1].id)),
        repeatedly(lambda: publish_post(posts[0].id), lambda: a_comment(posts[0])),
        repeatedly(
            lambda: a_post("Third", labels=("Birds", "Bees")), lambda: a_post("Third", labels=("Bees", "Birds"))
        ),
    )
    db.session.rollback()
    paths = list(db.session.scalars(select(Post.path).where(Post.title == "Third")))
    assert len(set(paths)) == 10


@on_postgres
def test_comment_waiting_too_long_for_the_lock_returns_the_text(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Kept while waiting"}
    monkeypatch.setattr(db_connections, "WAIT_SECONDS", 0.1)
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK_KEY])
        for headers in (HTMX, {}):
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
            assert response.status_code == 503
            assert "Kept while waiting" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1
