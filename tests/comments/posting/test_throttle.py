from __future__ import annotations

import re
import shutil
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog import create_app
from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.posting.throttle import seconds_to_wait
from blog.comments.refusals import TooFast
from blog.db import db, now
from blog.settings import Settings
from blog.site.update import change_settings
from blog.web.keyed_hashes import address_key
from tests.factories import HTMX, a_comment, a_post, answer, count, token


def post_comments_aged(*seconds_ago: float, **keys: str) -> None:
    post = a_post()
    for seconds in seconds_ago:
        comment = a_comment(post, **keys)
        with changing_threads():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(seconds=seconds)


def nearly(seconds: int, expected: int) -> bool:
    """Compare a wait, which shrinks while the test runs."""
    return expected - 4 <= seconds <= expected


def test_a_reader_may_post_once_in_ten_seconds(app: Flask) -> None:
    post_comments_aged(4)
    assert nearly(seconds_to_wait("r", "elsewhere", now()), 6)
    assert seconds_to_wait("another", "a", now()) == 0


def test_a_reader_may_post_ten_times_in_ten_minutes(app: Flask) -> None:
    post_comments_aged(*range(20, 200, 20))
    assert seconds_to_wait("r", "elsewhere", now()) == 0
    post_comments_aged(500)
    assert nearly(seconds_to_wait("r", "elsewhere", now()), 100)


def test_an_address_may_post_ten_times_in_a_minute(app: Flask) -> None:
    known("ann", "bea")
    post_comments_aged(*range(11, 51, 5), reader_key="ann")
    assert seconds_to_wait("bea", "a", now()) == 0
    post_comments_aged(51, 52, reader_key="cem")
    assert nearly(seconds_to_wait("bea", "a", now()), 9)
    assert seconds_to_wait("bea", "elsewhere", now()) == 0


def test_an_address_may_post_sixty_times_in_ten_minutes(app: Flask) -> None:
    known("bea")
    for number in range(6):
        post_comments_aged(*range(100, 600, 50), reader_key=f"ann-{number}")
    assert nearly(seconds_to_wait("bea", "a", now()), 50)


def test_new_readers_at_one_address_share_three_in_a_minute(app: Flask) -> None:
    known("ann", "bea")
    post_comments_aged(15, reader_key="cem")
    post_comments_aged(25, reader_key="dan")
    post_comments_aged(5, reader_key="ann")
    assert seconds_to_wait("new", "a", now()) == 0
    post_comments_aged(30, reader_key="eve")
    assert nearly(seconds_to_wait("new", "a", now()), 30)
    assert seconds_to_wait("new", "elsewhere", now()) == 0
    assert seconds_to_wait("bea", "a", now()) == 0
    assert seconds_to_wait("eve", "a", now()) == 0


@pytest.mark.parametrize(
    ("setting", "reader", "address", "seconds"),
    [
        ("reader_per_10_seconds", "r", "elsewhere", 0),
        ("reader_per_10_minutes", "r", "elsewhere", 5),
        ("address_per_minute", "bea", "a", 0),
        ("address_per_10_minutes", "bea", "a", 0),
    ],
)
def test_limits_are_settings(app: Flask, setting: str, reader: str, address: str, seconds: int) -> None:
    known("bea")
    limits = ["reader_per_10_seconds", "reader_per_10_minutes", "address_per_minute", "address_per_10_minutes"]
    change_settings({name: 1 if name == setting else 1000 for name in limits})
    post_comments_aged(4)
    assert seconds_to_wait(reader, address, now()) > seconds
    change_settings({setting: 2})
    assert seconds_to_wait(reader, address, now()) == 0


def known(*readers: str) -> None:
    """Add readers who have commented before."""
    for reader in readers:
        post_comments_aged(86_400, reader_key=reader, address_key="before")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second "), (45, "45 seconds "), (61, "2 minutes "), (600, "10 minutes ")]
)
def test_sentence_speaks_of_minutes(app: Flask, seconds: int, words: str) -> None:
    assert f"wait {words}" in TooFast(seconds).sentence


def test_throttle_ignores_comments_from_the_future(app: Flask) -> None:
    post_comments_aged(-3600, -3600, -3600, -3600, -3600)
    assert seconds_to_wait("r", "a", now()) == 0


@pytest.mark.parametrize("verb", ["hold", "mark_as_spam", "remove"])
def test_throttle_counts_hidden_comments(app: Flask, verb: str) -> None:
    comment = a_comment(a_post())
    with changing_threads():
        getattr(db.session.get_one(Comment, comment.id), verb)()
    assert seconds_to_wait("r", "a", now()) > 0


def test_throttle_counts_one_ipv6_network_as_one_address(app: Flask) -> None:
    post = a_post()
    for number in range(3):
        a_comment(post, reader_key=f"one-{number}", address_key=address_key(f"2001:db8:1:2::{number}"))
    assert seconds_to_wait("two", address_key("2001:db8:1:2:ffff::9"), now()) > 0
    assert seconds_to_wait("two", address_key("2001:db8:1:3::1"), now()) == 0
    for number in range(3):
        a_comment(post, reader_key=f"three-{number}", address_key=address_key("::ffff:192.0.2.7"))
    assert seconds_to_wait("two", address_key("192.0.2.7"), now()) > 0


class TestThrottled:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_throttle_returns_the_text_and_the_seconds_to_wait(self, client: FlaskClient) -> None:
        post = a_post()
        for text, status in (("First", 200), ("Second", 429)):
            form = token(client, post) | {"body": text}
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
            assert response.status_code == status
        assert 1 <= int(response.headers["Retry-After"]) <= 10
        assert "Please wait" in response.text
        assert "Second" in response.text

    def test_throttle_holds_across_hosts(self, settings: Settings, app: Flask, tmp_path) -> None:
        post = a_post()
        elsewhere = create_app(replace(settings, database_url=settings.database, blog_instance=tmp_path / "elsewhere"))
        shutil.copy(tmp_path / "secret_key", tmp_path / "elsewhere")
        elsewhere = create_app(elsewhere.config["SETTINGS"])
        statuses = []
        for host in (app, elsewhere, app, elsewhere, app):
            with host.app_context():
                statuses.append(answer(host.test_client(), post, "From a new browser").status_code)
                db.session.remove()
        assert statuses == [200, 200, 200, 429, 429]

    def test_throttle_holds_across_processes_for_simultaneous_requests(self, serve, blog: Flask) -> None:
        post = a_post()
        server = serve(WEB_CONCURRENCY="2", RATELIMIT_ENABLED="1")
        statuses: list[int] = []

        def send() -> None:
            with urllib.request.urlopen(f"{server.url}/posts/{post.id}/comments/token") as page:
                cookies = "; ".join(line.split(";")[0] for line in page.headers.get_all("Set-Cookie"))
                form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.read().decode()))
            data = urlencode(form | {"name": "Ann", "body": "At once"}).encode()
            request = urllib.request.Request(f"{server.url}/posts/{post.id}/comments", data, {"Cookie": cookies} | HTMX)
            try:
                with urllib.request.urlopen(request) as response:
                    statuses.append(response.status)
            except urllib.error.HTTPError as refusal:
                statuses.append(refusal.code)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] * 3 + [429] * 5
        assert count() == 3
