"""What every test starts from: an empty blog of its own, and readers who come to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.editors import passwords
from blog.settings import Settings
from tests.live_server import Server
from tests.postgres.databases import DATABASES, ReusableDatabase, new_database, server_address
from tests.proofreader import proofread
from tests.speedups import QUICK_METHOD, RuleOnce, leave_alone_what_stays, opened


class Visitor(FlaskClient):
    """A reader's browser. Each request has an app context of its own, as on a server, and each answer is proofread."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = Context().run(super().open, *args, **kwargs)
        proofread(response, htmx="HX-Request" in response.request.headers or response.request.path.endswith("/token"))
        return response


def pytest_collection_finish() -> None:
    leave_alone_what_stays()


METHOD = passwords.METHOD


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """Hundreds of apps are made here, to which hundreds of editors sign in (what a hash costs: `dear_passwords`)."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "METHOD", QUICK_METHOD)
        patched.setattr(Flask, "url_rule_class", RuleOnce)
        yield


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as they are outside of tests."""
    monkeypatch.setattr(passwords, "METHOD", METHOD)


@pytest.fixture(scope="session")
def postgres() -> Iterator[ReusableDatabase]:
    """The run's own database on a PostgreSQL server, where one answers."""
    with new_database(server_address()) as address:
        emptied = ReusableDatabase(address)
        yield emptied
        emptied.close()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """DATABASE_URL: each test runs once on an empty SQLite file in its instance, and once on PostgreSQL."""
    yield from address_of(request)


def address_of(request: pytest.FixtureRequest) -> Iterator[str]:
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
    """The app on an empty, migrated blog, with its context pushed."""
    with opened(settings) as app:
        app.test_client_class = Visitor
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def blog(instance: Path, database: str) -> Iterator[Flask]:
    """The same blog in the test's own process, to plant posts and to be the other process that writes."""
    instance.mkdir()
    with opened(Settings(blog_instance=instance, database_url=database)) as app:
        yield app


@pytest.fixture
def serve(blog: Flask, instance: Path, database: str) -> Iterator[Callable[..., Server]]:
    """Starts servers on the blog; at the end each must stop by itself with nothing wrong in its log."""
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
