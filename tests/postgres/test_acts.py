"""Acts of several processes at once: one after the other, none lost, none doubled, none in another's way."""

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
from blog.db_connections import WRITING_LOCK
from blog.posts.models import Post
from blog.posts.publishing import publish_post, unpublish_post
from blog.site.models import current_site
from tests.factories import HTMX, a_comment, a_post, count, token
from tests.live_server import Server
from tests.postgres.databases import on_postgres
from tests.system.visits import change


def ask(
    server: Server, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """One request: the status, the headers by small names, the text."""
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


def a_form(server: Server, post_id: int, body: str) -> tuple[dict[str, str], str]:
    """A filled form with its token and key, and the cookie that belongs to it."""
    _, headers, page = ask(server, "GET", f"/posts/{post_id}/comments/token")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    return form | {"name": "Ann", "body": body}, headers["cookie"]


def at_once(*works: Callable[[], object]) -> None:
    """Run them all at the same time, each in a thread; what one raises is raised."""
    start, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_one_submission_that_reaches_two_processes_at_once_is_one_comment(serve: Callable[..., Server]) -> None:
    post, servers = a_post(), [serve(), serve()]
    for number in range(1, 6):
        form, cookie = a_form(servers[0], post.id, f"Once, number {number}.")
        answers: list[tuple[int, str]] = []

        def send(server: Server, form=form, cookie=cookie, answers=answers) -> None:
            status, headers, _ = ask(server, "POST", f"/posts/{post.id}/comments", form, Cookie=cookie)
            answers.append((status, headers["location"]))

        at_once(*(lambda server=server: send(server) for server in servers))
        assert len(set(answers)) == 1
        assert answers[0][0] == 303
        assert count() == number


def test_two_processes_that_post_at_once_lose_nothing_and_number_in_order(serve: Callable[..., Server]) -> None:
    posts, servers = [a_post("First"), a_post("Second")], [serve(), serve()]

    def write(server: Server, post_id: int) -> None:
        for _ in range(5):
            form, cookie = a_form(server, post_id, "At once.")
            assert ask(server, "POST", f"/posts/{post_id}/comments", form, Cookie=cookie)[0] == 303

    places = [(server, post.id) for server in servers for post in posts]
    at_once(*(lambda place=place: write(*place) for place in places * 2))
    db.session.rollback()
    db.session.expire_all()
    for post in posts:
        versions = db.session.scalars(select(Comment.version).where(Comment.post_id == post.id).order_by(Comment.id))
        assert list(versions) == list(range(1, 21))
        assert db.session.get_one(Post, post.id).comment_count == 20
    assert current_site().version == 42


def test_acts_of_every_kind_at_once_never_wait_for_each_other_in_a_circle(app: Flask) -> None:
    posts = [a_post("First"), a_post("Second")]
    comments = [a_comment(post, f"Under {post.title}.") for post in posts]
    for thing in (*posts, *comments):
        db.session.refresh(thing)
    db.session.expunge_all()  # so that the threads find what they need in them

    def acting(*acts: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                for act in acts * 5:
                    act()

        return run

    at_once(
        acting(lambda: change(comments[0], "hold", "x"), lambda: change(comments[1], "hold", "x")),
        acting(lambda: change(comments[1], "approve"), lambda: change(comments[0], "approve")),
        acting(lambda: unpublish_post(posts[1].id), lambda: publish_post(posts[1].id)),
        acting(lambda: publish_post(posts[0].id), lambda: a_comment(posts[0])),
        acting(lambda: a_post("Third", labels=("Birds", "Bees")), lambda: a_post("Third", labels=("Bees", "Birds"))),
    )
    db.session.rollback()
    paths = list(db.session.scalars(select(Post.path).where(Post.title == "Third")))
    assert len(set(paths)) == 10


@on_postgres
def test_an_act_that_waits_too_long_for_its_turn_gives_the_text_back(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = a_post()
    form = token(client, post) | {"name": "Ann", "body": "Kept while waiting"}
    monkeypatch.setattr(db_connections, "WAIT_SECONDS", 0.1)
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING_LOCK])
        for headers in (HTMX, {}):
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=headers)
            assert response.status_code == 503
            assert "Kept while waiting" in response.text
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200
    assert count() == 1
