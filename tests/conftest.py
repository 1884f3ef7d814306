"""Give every test an empty blog, clients and servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.screening import lessons
from blog.editors import passwords
from blog.mail import quota
from blog.settings import Settings
from tests.live_server import Server
from tests.postgres.databases import DATABASES, ReusableDatabase, new_database, server_address
from tests.proofreader import proofread
from tests.speedups import (
    FAST_HASH_METHOD,
    TEMPLATES,
    CachedRule,
    copy_pretrained_weights,
    freeze_garbage_collector,
    load_once,
    open_app,
)


class ProofreadClient(FlaskClient):
    """Act as a browser whose answers are all proofread.

    Each request has its own app context, as on a server.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = Context().run(super().open, *args, **kwargs)
        proofread(response, htmx="HX-Request" in response.request.headers or response.request.path.endswith("/token"))
        return response


def pytest_collection_finish() -> None:
    freeze_garbage_collector()


PRODUCTION_METHOD = passwords.METHOD


@pytest.fixture(scope="session", autouse=True)
def speed_up() -> Iterator[None]:
    """Use cheap password hashes, and routes, templates and weights that are made once.

    `real_password_hashing` undoes the first. Requests for links take no longer than their work.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "METHOD", FAST_HASH_METHOD)
        patch.setattr(lessons, "load_pretrained", load_once)
        patch.setattr(lessons, "initial_weights", copy_pretrained_weights)
        patch.setattr(quota, "MIN_LINK_SECONDS", 0)
        patch.setattr(Flask, "url_rule_class", CachedRule)
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": TEMPLATES})
        yield


@pytest.fixture
def real_password_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as production does."""
    monkeypatch.setattr(passwords, "METHOD", PRODUCTION_METHOD)


@pytest.fixture(scope="session")
def postgres() -> Iterator[ReusableDatabase]:
    """Create this run's PostgreSQL database, if a server is there."""
    with new_database(server_address()) as address:
        emptied = ReusableDatabase(address)
        yield emptied
        emptied.close()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return DATABASE_URL: run each test on SQLite and on PostgreSQL."""
    yield from database_address(request)


def database_address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
    else:
        emptied = request.getfixturevalue("postgres")
        yield emptied.empty()
        emptied.leave()


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    return Settings(blog_instance=tmp_path, database_url=database, ratelimit_enabled=False)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """Return the app on an empty, migrated blog, with its context pushed."""
    with open_app(settings) as app:
        app.test_client_class = ProofreadClient
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def blog(instance: Path, database: str) -> Iterator[Flask]:
    """Open the server's blog in the test's process too.

    Tests add posts by it, and use it as a second process that writes.
    """
    instance.mkdir()
    with open_app(Settings(blog_instance=instance, database_url=database)) as app:
        yield app


@pytest.fixture
def serve(blog: Flask, instance: Path, database: str) -> Iterator[Callable[..., Server]]:
    """Start servers on the blog; check their logs at the end."""
    servers: list[Server] = []

    def start(**settings: str) -> Server:
        servers.append(Server(instance, **{"DATABASE_URL": database, **settings}))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()
        log = server.log.read_text()
        assert "Traceback" not in log, log
        assert "ERROR" not in log, log
