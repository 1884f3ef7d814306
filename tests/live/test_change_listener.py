"""One process hears of what another one committed, at once, and again after a break."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from blog.db import db, writing
from blog.db_connections import CHANNEL
from blog.live import change_listener
from blog.settings import Settings
from tests.factories import a_post
from tests.postgres.databases import on_postgres


class Looks:
    """In the hub's place: notes each time that it is told to look."""

    def __init__(self) -> None:
        self.looked: asyncio.Queue[None] = asyncio.Queue()

    async def look(self) -> None:
        self.looked.put_nowait(None)

    async def heard(self) -> None:
        """Wait for the next look."""
        await asyncio.wait_for(self.looked.get(), 30)


def hearing_of(database: str, story: Callable[[Looks], Awaitable[None]]) -> None:
    """Run `story` while a process hears of changes of the database."""

    async def run() -> None:
        hub = Looks()
        task = asyncio.create_task(change_listener.hear(hub, database))  # type: ignore[arg-type]
        await hub.heard()  # from here on it listens
        await story(hub)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # in a thread of its own, since a browser's loop runs in this one
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def elsewhere(app: Flask, act: Callable[[], object]) -> Awaitable[object]:
    """In another thread, on another connection."""

    def run() -> None:
        with app.app_context():
            act()

    return asyncio.to_thread(run)


def test_what_another_process_commits_is_heard(app: Flask, settings: Settings) -> None:
    async def story(hub: Looks) -> None:
        for _ in range(3):
            await elsewhere(app, a_post)
            await hub.heard()

    hearing_of(settings.database, story)


@on_postgres
def test_a_connection_that_broke_is_made_again_and_what_was_missed_is_looked_for(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_listener, "FIRST_PAUSE", 0.01)

    async def story(hub: Looks) -> None:
        for _ in range(3):
            await elsewhere(app, cut_off_who_listens)
            await hub.heard()
        await elsewhere(app, a_post)
        await hub.heard()

    hearing_of(settings.database, story)


def cut_off_who_listens() -> None:
    listens = f"datname = current_database() AND query IN ('LISTEN {CHANNEL}', 'SELECT 1')"
    ended = db.session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}"))
    assert ended.all() == [(True,)]


@on_postgres
def test_it_looks_now_and_then_even_where_no_call_comes(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_listener, "LOOK_ANYWAY_SECONDS", 0.05)

    async def story(hub: Looks) -> None:
        for _ in range(3):
            await hub.heard()

    hearing_of(settings.database, story)


@on_postgres
def test_the_call_comes_exactly_with_the_commit_and_carries_nothing(app: Flask, database: str) -> None:
    def calls(listener: psycopg.Connection) -> list[str]:
        return [call.payload for call in listener.notifies(timeout=0)]

    def fail() -> None:
        with writing():
            raise RuntimeError("in the middle")

    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}".encode())
        with writing():
            assert calls(listener) == []
        assert [call.payload for call in listener.notifies(timeout=30, stop_after=1)] == [""]
        with pytest.raises(RuntimeError):
            fail()
        assert calls(listener) == []
