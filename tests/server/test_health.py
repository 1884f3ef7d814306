"""Test /healthz and /readyz."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from blog.db import db, writing
from blog.server import health
from blog.server.health import NO_ANSWER, NOT_MIGRATED, Readiness
from tests.live_server import Server
from tests.media.test_serving import fetch


def test_healthy_server_answers_ok(blog: Flask, serve: Callable[..., Server]) -> None:
    server = serve(TRUSTED_HOSTS="blog.example.org")
    for path in ("/healthz", "/readyz"):
        status, headers, found = fetch(server, path)
        assert (status, found) == (200, b"ok")
        assert headers["cache-control"] == "no-store"
        assert fetch(server, path, "HEAD")[::2] == (200, b"")
        assert fetch(server, path, "POST")[0] in {400, 404, 405}


def test_database_of_another_version_is_not_ready(blog: Flask, serve: Callable[..., Server]) -> None:
    server = serve()
    current = set_version("0001")
    try:
        status, headers, found = fetch(server, "/readyz")
        assert (status, found.decode()) == (503, NOT_MIGRATED)
        assert headers["retry-after"]
        assert fetch(server, "/healthz")[0] == 200
    finally:
        set_version(current)  # other tests reuse this database


def set_version(version: str) -> str:
    """Set the migration version; return the one before."""
    with writing():
        before = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        db.session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    return str(before)


def test_simultaneous_requests_share_one_check(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[Flask] = []
    monkeypatch.setattr(health, "_find_problem", lambda app_argument: checks.append(app_argument) or "")

    async def ask_often() -> list[str]:
        readiness = Readiness(app)
        return [*await asyncio.gather(*(readiness.problem() for _ in range(50))), await readiness.problem()]

    assert asyncio.run(ask_often()) == [""] * 51
    assert len(checks) == 1


def test_unresponsive_database_is_checked_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, checks = threading.Event(), []
    monkeypatch.setattr(health, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(health, "RECHECK_SECONDS", 0.0)
    monkeypatch.setattr(
        health, "_find_problem", lambda app_argument: checks.append(app_argument) or answered.wait(60) or ""
    )

    async def ask_often() -> list[str]:
        readiness = Readiness(app)
        found = [await readiness.problem() for _ in range(3)]
        answered.set()
        return found

    assert asyncio.run(ask_often()) == [NO_ANSWER] * 3
    assert len(checks) == 1
