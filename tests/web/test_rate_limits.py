"""Test rate limits of tokens and sign-in, in memory and in Redis."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog import create_app
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.errors import WrongSetting
from blog.settings import ROOT, Settings, load
from blog.web import redis_storage
from tests.factories import HTMX, a_comment, a_post, sign_in, token
from tests.live_server import free_port
from tests.postgres.databases import on_sqlite

PASSWORD = "a sentence to remember"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    return Settings(blog_instance=tmp_path, database_url=database)


@pytest.fixture
def redis() -> Iterator[str]:
    """Return the URL of an empty database on this machine's Redis server."""
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


def count_tokens(client: FlaskClient, path: str, most: int = 70, **options: object) -> tuple[int, int]:
    """Count the tokens served before the limit, and return the last status."""
    for given in range(most):
        if (answer := client.get(path, **options)).status_code != 200:  # type: ignore[arg-type]
            return given, answer.status_code
    return most, 200


def test_comment_token_is_limited_by_address(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    path = f"/posts/{post.id}/comments/token"
    assert count_tokens(client, path) == (60, 429)
    limited = app.test_client().get(path, headers=HTMX)
    assert limited.headers["HX-Retarget"] == "#comment-error"
    assert "Please wait a moment" in limited.text
    assert 1 <= int(limited.headers["Retry-After"]) <= 61
    assert "Set-Cookie" not in limited.headers
    assert app.test_client().get(path, environ_overrides=ELSEWHERE).status_code == 200
    assert client.get(post.path or "").status_code == 200


def test_reply_page_is_limited(client: FlaskClient) -> None:
    post = a_post()
    path = f"/posts/{post.id}/comments/new?parent={a_comment(post).id}"
    assert count_tokens(client, path) == (60, 429)
    limited = client.get(path)
    assert "Too many requests" in limited.text
    assert "Retry-After" in limited.headers


def test_comment_is_accepted_while_tokens_are_limited(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Seen one."}
    count_tokens(client, f"/posts/{post.id}/comments/token")
    assert client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX).status_code == 200


def test_sign_in_is_limited_by_address_not_by_account(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    stranger = app.test_client()
    statuses = [sign_in(stranger, f"ed{number}@example.org", "").status_code for number in range(31)]
    assert statuses == [422] * 30 + [429]
    kept = sign_in(stranger, "someone@example.org", "", **{"kept-title": "Written <long> ago"})
    assert kept.status_code == 429
    assert 1 <= int(kept.headers["Retry-After"]) <= 61
    for typed in ("Too many attempts", "someone@example.org", "Written &lt;long&gt; ago"):
        assert typed in kept.text
    assert sign_in(app.test_client(), "ed@example.org", PASSWORD, environ_overrides=ELSEWHERE).status_code == 303


def test_disabled_limits_count_nothing(settings: Settings, app: Flask) -> None:
    free = create_app(replace(settings, ratelimit_enabled=False))
    post = a_post()
    assert count_tokens(free.test_client(), f"/posts/{post.id}/comments/token", 100) == (100, 200)


@on_sqlite  # at most one of these runs at a time
def test_redis_counts_for_all_processes_by_hashed_address(settings: Settings, app: Flask, redis: str) -> None:
    post = a_post()
    apps = [create_app(replace(settings, ratelimit_storage_uri=redis)) for _ in range(2)]
    path = f"/posts/{post.id}/comments/token"
    assert count_tokens(apps[0].test_client(), path, 40) == (40, 200)
    assert count_tokens(apps[1].test_client(), path) == (20, 429)
    from redis import Redis

    with Redis.from_url(redis) as server:
        keys = server.keys()
    assert keys
    assert not any(b"127.0.0.1" in key for key in keys)


class SlowRedis(socketserver.ThreadingTCPServer):
    """Answer each command after `seconds`; record the commands received."""

    daemon_threads, allow_reuse_address = True, True
    answers: ClassVar = {b"HELLO": b"%1\r\n+proto\r\n:3\r\n", b"CLIENT": b"+OK\r\n", b"PING": b"+PONG\r\n"}

    def __init__(self, seconds: float) -> None:
        self.seconds, self.commands = seconds, list[bytes]()
        super().__init__(("127.0.0.1", 0), SlowAnswers)

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.server_address[1]}/0"


class SlowAnswers(socketserver.StreamRequestHandler):
    server: SlowRedis

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while line := self.rfile.readline():
                parts = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
                self.server.commands.append(parts[0])
                time.sleep(self.server.seconds)
                self.wfile.write(self.server.answers.get(parts[0].upper(), b":1\r\n"))


@contextmanager
def slow_redis(seconds: float) -> Iterator[SlowRedis]:
    with SlowRedis(seconds) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@on_sqlite
@pytest.mark.parametrize("seconds", [0.07, 0.45])
def test_slow_redis_is_paused(settings: Settings, app: Flask, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    post, clock = a_post(), [1000.0]
    path = f"/posts/{post.id}/comments/token"
    with slow_redis(seconds) as server:
        client = create_app(replace(settings, ratelimit_storage_uri=server.address)).test_client()
        at_start = len(server.commands)
        assert at_start <= 8  # the handshake and one count
        assert count_tokens(client, path) == (60, 429)  # counted in the process
        assert len(server.commands) == at_start
        monkeypatch.setattr(redis_storage.time, "monotonic", lambda: clock[0] + time.perf_counter())
        clock[0] = time.monotonic() + 10 * redis_storage.PAUSE_SECONDS
        client.get(path)
        assert len(server.commands) > at_start


@on_sqlite
def test_fast_redis_is_used_for_every_request(
    settings: Settings, app: Flask, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_storage, "SLOW_SECONDS", 60.0)  # a busy machine is slow too
    post = a_post()
    with slow_redis(0) as server:
        client = create_app(replace(settings, ratelimit_storage_uri=server.address)).test_client()
        before = len(server.commands)
        count_tokens(client, f"/posts/{post.id}/comments/token", 5)
        assert len(server.commands) >= before + 5


@pytest.fixture
def guarded_redis(tmp_path: Path) -> Iterator[str]:
    """Start a Redis server with the users ann and eve, password hush."""
    if not (program := shutil.which("redis-server")):
        pytest.skip("There is no redis-server here.")
    address = f"127.0.0.1:{(port := free_port())}"
    users = ["user default off", "user ann on >hush ~* +@all", "user eve on >hush ~other:* +@all -@scripting"]
    (tmp_path / "redis.conf").write_text("\n".join(users))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([program, str(tmp_path / "redis.conf"), *options], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(10)


@on_sqlite
def test_redis_refusing_access_exits_with_status_2(settings: Settings, app: Flask, guarded_redis: str) -> None:
    refusals = {
        f"redis://ann:wrong@{guarded_redis}/0": "refuses the user or the password",
        f"redis://nobody:wrong@{guarded_redis}/0": "refuses the user or the password",
        f"redis://:wrong@{guarded_redis}": "refuses the user or the password",
        f"redis://{guarded_redis}/0": "refuses the user or the password",
        f"redis://ann:hush@{guarded_redis}/99": "has no database of this number",
        f"redis://eve:hush@{guarded_redis}/0": "does not let this user run scripts",
    }
    for address, sentence in refusals.items():
        with pytest.raises(WrongSetting, match=sentence) as refusal:
            create_app(replace(settings, ratelimit_storage_uri=address))
        assert guarded_redis in str(refusal.value)
        assert not re.search(r"hush|wrong|ann\b|eve", str(refusal.value))
    assert create_app(replace(settings, ratelimit_storage_uri=f"redis://ann:hush@{guarded_redis}/3"))
    environment = {**os.environ, "BLOG_INSTANCE": str(settings.blog_instance), "PORT": str(free_port())}
    environment["RATELIMIT_STORAGE_URI"] = f"redis://ann:wrong@{guarded_redis}/0"
    for program in (["-m", "blog.server"], ["-m", "flask", "stats"]):
        started = [sys.executable, *program]
        run = subprocess.run(started, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout) == (2, "")
        assert "refuses the user or the password" in run.stderr
        assert "Traceback" not in run.stderr
        assert "wrong" not in run.stderr


@pytest.mark.parametrize("option", ["socket_timeout=soon", "colour=red"])
def test_redis_address_with_wrong_options_is_refused(settings: Settings, app: Flask, option: str) -> None:
    address = f"redis://127.0.0.1:{free_port()}/0?{option}"
    with pytest.raises(WrongSetting, match="RATELIMIT_STORAGE_URI"):
        create_app(replace(settings, ratelimit_storage_uri=address))


def test_unreachable_redis_falls_back_to_process_counts(settings: Settings, app: Flask) -> None:
    post = a_post()
    unreachable = create_app(replace(settings, ratelimit_storage_uri=f"redis://127.0.0.1:{free_port()}/0"))
    assert count_tokens(unreachable.test_client(), f"/posts/{post.id}/comments/token") == (60, 429)
    assert unreachable.test_client().get(post.path or "").status_code == 200


def test_unresponsive_redis_is_asked_once(settings: Settings, app: Flask) -> None:
    post = a_post()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = create_app(replace(settings, ratelimit_storage_uri=address)).test_client()
        assert count_tokens(client, f"/posts/{post.id}/comments/token", 5) == (5, 200)
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize(
    "address",
    [
        "redis://host/abc",
        "redis://host/-1",
        "redis://host/0/1",
        "postgres://x",
        "redis:",
        "redis://",
        "redis://host:abc",
        "memory",
        "memory://x",
        "redis://host:99999",
    ],
)
def test_invalid_storage_uri_is_reported_without_its_password(address: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        load({"RATELIMIT_STORAGE_URI": address})
    assert "RATELIMIT_STORAGE_URI" in str(refusal.value)
    with pytest.raises(WrongSetting) as refusal:
        load({"RATELIMIT_STORAGE_URI": "redis://:hush@host:abc"})
    assert "hush" not in str(refusal.value)
