"""Limits of tokens and of signing in, counted in memory or in Redis; a Redis that is away stops nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog import create_app
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.settings import Settings, WrongSetting, load
from tests.cast import HTMX, a_comment, a_post, sign_in, token
from tests.postgres.databases import on_sqlite
from tests.server import free_port

PASSWORD = "a sentence to remember"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    return Settings(blog_instance=tmp_path, database_url=database)


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of a database on the Redis server of this machine; what is counted there goes with its keys."""
    try:
        with socket.create_connection(("127.0.0.1", 6379), 1):
            pass
    except OSError:
        pytest.skip("No Redis server answers.")
    from redis import Redis

    address = "redis://127.0.0.1:6379/9"
    server = Redis.from_url(address)
    server.flushdb()
    yield address
    server.flushdb()
    server.close()


def tokens(client: FlaskClient, path: str, most: int = 70, **options: object) -> tuple[int, int]:
    """How many are given before the limit, and the status then."""
    for given in range(most):
        if (answer := client.get(path, **options)).status_code != 200:  # type: ignore[arg-type]
            return given, answer.status_code
    return most, 200


def test_tokens_are_limited_by_address_with_a_sentence_and_a_time(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    path = f"/posts/{post.id}/comments/token"
    assert tokens(client, path) == (60, 429)
    limited = app.test_client().get(path, headers=HTMX)
    assert limited.headers["HX-Retarget"] == "#comment-error"
    assert "Please wait a moment" in limited.text
    assert 1 <= int(limited.headers["Retry-After"]) <= 61
    assert "Set-Cookie" not in limited.headers
    assert app.test_client().get(path, environ_overrides=ELSEWHERE).status_code == 200
    assert client.get(post.path or "").status_code == 200


def test_the_page_of_a_reply_is_limited_too_and_shows_a_page(client: FlaskClient) -> None:
    post = a_post()
    path = f"/posts/{post.id}/comments/new?parent={a_comment(post).id}"
    assert tokens(client, path) == (60, 429)
    limited = client.get(path)
    assert "A little too fast" in limited.text
    assert "Retry-After" in limited.headers


def test_a_comment_is_taken_while_tokens_are_limited(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Seen one."}
    tokens(client, f"/posts/{post.id}/comments/token")
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200


def test_signing_in_is_limited_by_address_and_no_stranger_locks_an_editor_out(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    stranger = app.test_client()
    statuses = [sign_in(stranger, f"ed{number}@example.org", "").status_code for number in range(31)]
    assert statuses == [422] * 30 + [429]
    kept = sign_in(stranger, "someone@example.org", "", **{"kept-title": "Written <long> ago"})
    assert kept.status_code == 429
    assert 1 <= int(kept.headers["Retry-After"]) <= 61
    for typed in ("Too many tries", "someone@example.org", "Written &lt;long&gt; ago"):
        assert typed in kept.text
    assert sign_in(app.test_client(), "ed@example.org", PASSWORD, environ_overrides=ELSEWHERE).status_code == 303


def test_without_limits_nothing_is_counted(settings: Settings, app: Flask) -> None:
    free = create_app(replace(settings, ratelimit_enabled=False))
    post = a_post()
    assert tokens(free.test_client(), f"/posts/{post.id}/comments/token", 100) == (100, 200)


@on_sqlite  # of which at most one runs at a time
def test_redis_counts_for_all_processes_and_keeps_no_address_in_clear(
    settings: Settings, app: Flask, redis: str
) -> None:
    post = a_post()
    apps = [create_app(replace(settings, ratelimit_storage_uri=redis)) for _ in range(2)]
    path = f"/posts/{post.id}/comments/token"
    assert tokens(apps[0].test_client(), path, 40) == (40, 200)
    assert tokens(apps[1].test_client(), path) == (20, 429)
    from redis import Redis

    with Redis.from_url(redis) as server:
        keys = server.keys()
    assert keys
    assert not any(b"127.0.0.1" in key for key in keys)


def test_a_redis_that_is_away_stops_nobody_and_each_process_counts_for_itself(settings: Settings, app: Flask) -> None:
    post = a_post()
    away = create_app(replace(settings, ratelimit_storage_uri=f"redis://127.0.0.1:{free_port()}/0"))
    start = time.monotonic()
    assert tokens(away.test_client(), f"/posts/{post.id}/comments/token") == (60, 429)
    assert away.test_client().get(post.path or "").status_code == 200
    assert time.monotonic() - start < 20


def test_a_redis_that_fell_silent_costs_a_moment_and_no_more(settings: Settings, app: Flask) -> None:
    post = a_post()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = create_app(replace(settings, ratelimit_storage_uri=address)).test_client()
        start = time.monotonic()
        assert tokens(client, f"/posts/{post.id}/comments/token", 5) == (5, 200)
        assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "address", ["postgres://x", "redis:", "redis://", "redis://host:abc", "memory", "memory://x", "redis://host:99999"]
)
def test_a_store_that_cannot_be_is_one_sentence_without_the_password(address: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        load({"RATELIMIT_STORAGE_URI": address})
    assert "RATELIMIT_STORAGE_URI" in str(refusal.value)
    with pytest.raises(WrongSetting) as refusal:
        load({"RATELIMIT_STORAGE_URI": "redis://:hush@host:abc"})
    assert "hush" not in str(refusal.value)
