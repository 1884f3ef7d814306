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


def post_comments_aged(*seconds_ago: float, **keys: str) -> None:
    post = a_post()
    for seconds in seconds_ago:
        comment = a_comment(post, **keys)
        with writing():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(seconds=seconds)


def test_throttle_allows_one_comment_in_ten_seconds(app: Flask) -> None:
    post_comments_aged(4)
    assert seconds_to_wait("r", "someone else", now()) == 6
    assert seconds_to_wait("someone else", "a", now()) == 6
    assert seconds_to_wait("someone else", "somewhere else", now()) == 0


def test_throttle_allows_five_comments_in_ten_minutes(app: Flask) -> None:
    post_comments_aged(20, 100, 200, 300)
    assert seconds_to_wait("r", "a", now()) == 0
    post_comments_aged(500)
    assert seconds_to_wait("r", "a", now()) == 100


def test_throttle_ignores_comments_from_the_future(app: Flask) -> None:
    post_comments_aged(-3600, -3600, -3600, -3600, -3600)
    assert seconds_to_wait("r", "a", now()) == 0


@pytest.mark.parametrize("verb", ["hold", "mark_as_spam", "remove"])
def test_throttle_counts_hidden_comments(app: Flask, verb: str) -> None:
    comment = a_comment(a_post())
    with writing():
        getattr(db.session.get_one(Comment, comment.id), verb)("why")
    assert seconds_to_wait("r", "a", now()) > 0


def test_throttle_counts_one_ipv6_network_as_one_address(app: Flask) -> None:
    post = a_post()
    a_comment(post, reader_key="one", address_key=address_key("2001:db8:1:2::1"))
    assert seconds_to_wait("two", address_key("2001:db8:1:2:ffff::9"), now()) > 0
    assert seconds_to_wait("two", address_key("2001:db8:1:3::1"), now()) == 0
    a_comment(post, reader_key="three", address_key=address_key("::ffff:192.0.2.7"))
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
        for host in (app, elsewhere, app):
            with host.app_context():
                statuses.append(answer(host.test_client(), post, "From a new browser").status_code)
                db.session.remove()
        assert statuses == [200, 429, 429]

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
        assert sorted(statuses) == [200] + [429] * 7
        assert count() == 1
