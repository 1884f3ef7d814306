from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Comment
from blog.comments.pacing import pause
from blog.db import db, now, writing
from blog.settings import Settings
from tests.cast import HTMX, a_comment, a_post, token


def at_times(*seconds_ago: float, **keys: str) -> None:
    post = a_post()
    for seconds in seconds_ago:
        comment = a_comment(post, **keys)
        with writing():
            db.session.get_one(Comment, comment.id).created_at = now() - timedelta(seconds=seconds)


def test_one_comment_in_ten_seconds(app: Flask) -> None:
    at_times(4)
    assert pause("r", "someone else", now()) == 6
    assert pause("someone else", "a", now()) == 6
    assert pause("someone else", "somewhere else", now()) == 0


def test_five_in_ten_minutes(app: Flask) -> None:
    at_times(20, 100, 200, 300)
    assert pause("r", "a", now()) == 0
    at_times(500)
    assert pause("r", "a", now()) == 100


def test_a_clock_that_was_set_back_locks_nobody_out(app: Flask) -> None:
    at_times(-3600, -3600, -3600, -3600, -3600)
    assert pause("r", "a", now()) == 0


class TestWithPauses:
    @pytest.fixture
    def settings(self, tmp_path) -> Settings:
        return Settings(blog_instance=tmp_path)

    def test_too_fast_keeps_the_text_and_says_how_long_to_wait(self, client: FlaskClient) -> None:
        post = a_post()
        for text, status in (("First", 200), ("Second", 429)):
            form = token(client, post) | {"body": text}
            response = client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX)
            assert response.status_code == status
        assert 1 <= int(response.headers["Retry-After"]) <= 10
        assert "Please wait" in response.text
        assert "Second" in response.text
