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
from blog.comments.models import Comment
from blog.comments.posting.throttle import seconds_to_wait
from blog.db import db, now, writing
from blog.settings import Settings
from blog.web.keyed_hashes import address_key
from tests.factories import HTMX, a_comment, a_post, answer, count, token


def at_times(*seconds_ago: float, **keys: str) -> None:
    post = a_post()
    for seconds in seconds_ago:
        comment = a_comment(post, **keys)
        with writing():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(seconds=seconds)


def test_one_comment_in_ten_seconds(app: Flask) -> None:
    at_times(4)
    assert seconds_to_wait("r", "someone else", now()) == 6
    assert seconds_to_wait("someone else", "a", now()) == 6
    assert seconds_to_wait("someone else", "somewhere else", now()) == 0


def test_five_in_ten_minutes(app: Flask) -> None:
    at_times(20, 100, 200, 300)
    assert seconds_to_wait("r", "a", now()) == 0
    at_times(500)
    assert seconds_to_wait("r", "a", now()) == 100


def test_a_clock_that_was_set_back_locks_nobody_out(app: Flask) -> None:
    at_times(-3600, -3600, -3600, -3600, -3600)
    assert seconds_to_wait("r", "a", now()) == 0


@pytest.mark.parametrize("verb", ["hold", "mark_as_spam", "remove"])
def test_what_was_held_or_taken_away_counts_as_well(app: Flask, verb: str) -> None:
    comment = a_comment(a_post())
    with writing():
        getattr(db.session.get_one(Comment, comment.id), verb)("why")
    assert seconds_to_wait("r", "a", now()) > 0


def test_a_household_is_one_address_and_its_neighbours_are_others(app: Flask) -> None:
    post = a_post()
    a_comment(post, reader_key="one", address_key=address_key("2001:db8:1:2::1"))
    assert seconds_to_wait("two", address_key("2001:db8:1:2:ffff::9"), now()) > 0
    assert seconds_to_wait("two", address_key("2001:db8:1:3::1"), now()) == 0
    a_comment(post, reader_key="three", address_key=address_key("::ffff:192.0.2.7"))
    assert seconds_to_wait("two", address_key("192.0.2.7"), now()) > 0


class TestWithPauses:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_too_fast_keeps_the_text_and_says_how_long_to_wait(self, client: FlaskClient) -> None:
        post = a_post()
        for text, status in (("First", 200), ("Second", 429)):
            form = token(client, post) | {"body": text}
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
            assert response.status_code == status
        assert 1 <= int(response.headers["Retry-After"]) <= 10
        assert "Please wait" in response.text
        assert "Second" in response.text

    def test_two_hosts_on_one_database_count_together(self, settings: Settings, app: Flask, tmp_path) -> None:
        post = a_post()
        elsewhere = create_app(replace(settings, database_url=settings.database, blog_instance=tmp_path / "elsewhere"))
        shutil.copy(tmp_path / "secret_key", tmp_path / "elsewhere")
        elsewhere = create_app(elsewhere.config["SETTINGS"])
        statuses = []
        for host in (app, elsewhere, app):
            with host.app_context():
                statuses.append(answer(host.test_client(), post, "From a new browser").status_code)
                db.session.remove()
        assert statuses == [200, 429, 429]

    def test_two_processes_let_one_through_of_many_at_once(self, serve, blog: Flask) -> None:
        post = a_post()
        server = serve(WEB_CONCURRENCY="2", RATELIMIT_ENABLED="1")
        statuses: list[int] = []

        def send() -> None:
            with urllib.request.urlopen(f"{server.url}/posts/{post.id}/comments/token") as page:
                cookies = "; ".join(line.split(";")[0] for line in page.headers.get_all("Set-Cookie"))
                form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.read().decode()))
            data = urlencode(form | {"name": "Ann", "body": "At once"}).encode()
            asked = urllib.request.Request(f"{server.url}/posts/{post.id}/comments", data, {"Cookie": cookies} | HTMX)
            try:
                with urllib.request.urlopen(asked) as answered:
                    statuses.append(answered.status)
            except urllib.error.HTTPError as refusal:
                statuses.append(refusal.code)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [429] * 7
        assert count() == 1
