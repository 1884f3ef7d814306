"""Test that a process notices commits of others, also after a reconnect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from blog.db import db, writing
from blog.db_connections import NOTIFY_CHANNEL
from blog.live import change_listener
from blog.settings import Settings
from tests.factories import a_post
from tests.postgres.databases import on_postgres


class FakeHub:
    """Replace the hub; count its checks."""

    def __init__(self) -> None:
        self.checks: asyncio.Queue[None] = asyncio.Queue()

    async def check_all_topics(self) -> None:
        self.checks.put_nowait(None)

    async def wait_for_check(self) -> None:
        """Wait for the next check."""
        await asyncio.wait_for(self.checks.get(), 30)


def while_listening(database: str, scenario: Callable[[FakeHub], Awaitable[None]]) -> None:
    """Run `scenario` while a listener is active."""

    async def run() -> None:
        hub = FakeHub()
        task = asyncio.create_task(change_listener.listen_for_changes(hub, database))  # type: ignore[arg-type]
        await hub.wait_for_check()  # the listener is ready
        await scenario(hub)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # in another thread, since the browser tests run a loop in this one
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def in_other_connection(app: Flask, operation: Callable[[], object]) -> Awaitable[object]:
    """Run an operation in another thread, on another connection."""

    def run() -> None:
        with app.app_context():
            operation()

    return asyncio.to_thread(run)


def test_commit_of_another_process_is_noticed(app: Flask, settings: Settings) -> None:
    async def scenario(hub: FakeHub) -> None:
        for _ in range(3):
            await in_other_connection(app, a_post)
            await hub.wait_for_check()

    while_listening(settings.database, scenario)


@on_postgres
def test_listener_reconnects_and_checks_for_missed_changes(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_listener, "FIRST_RETRY_SECONDS", 0.01)

    async def scenario(hub: FakeHub) -> None:
        for _ in range(3):
            await in_other_connection(app, terminate_listener)
            await hub.wait_for_check()
        await in_other_connection(app, a_post)
        await hub.wait_for_check()

    while_listening(settings.database, scenario)


def terminate_listener() -> None:
    listens = f"datname = current_database() AND query IN ('LISTEN {NOTIFY_CHANNEL}', 'SELECT 1')"
    ended = db.session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}"))
    assert ended.all() == [(True,)]


@on_postgres
def test_listener_checks_regularly_without_notifications(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_listener, "NOTIFY_TIMEOUT_SECONDS", 0.05)

    async def scenario(hub: FakeHub) -> None:
        for _ in range(3):
            await hub.wait_for_check()

    while_listening(settings.database, scenario)


@on_postgres
def test_notification_is_sent_on_commit_without_payload(app: Flask, database: str) -> None:
    def payloads(listener: psycopg.Connection) -> list[str]:
        return [notification.payload for notification in listener.notifies(timeout=0)]

    def fail() -> None:
        with writing():
            raise RuntimeError("in the middle")

    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
        with writing():
            assert payloads(listener) == []
        assert [notification.payload for notification in listener.notifies(timeout=30, stop_after=1)] == [""]
        with pytest.raises(RuntimeError):
            fail()
        assert payloads(listener) == []
