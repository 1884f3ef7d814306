"""Check what a visitor, a reader and an editor can read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

import pytest
from flask import Flask

from blog import create_app
from blog.comments.identity import COOKIE
from blog.comments.moderation import bans, queue
from blog.comments.thread import replies, tree
from blog.db import db
from blog.migrations import migrate
from blog.posts import lists
from blog.settings import Settings
from tests.conftest import database_address
from tests.leak_checks.crawler import Answer, Browser, crawl
from tests.leak_checks.everything import World, build_world
from tests.postgres.databases import dump

NOBODY, READER, EDITOR = "nobody", "reader", "ed"


@dataclass
class CrawlResult:
    """Hold the answers per visitor, the rows around each, and the log."""

    world: World
    answers: dict[str, list[Answer]]
    rows: list[list[str]]
    log: str

    def find_markers(self, who: str, words: list[str]) -> dict[str, list[str]]:
        """Return the addresses at which each marker was found."""
        everything = "\n".join(answer.text for answer in self.answers[who])
        found = [one for one in words if one.lower() in everything]
        return {one: [answer.address for answer in self.answers[who] if one.lower() in answer.text] for one in found}


# the pages are the same on both databases
@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def crawl_result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrawlResult]:
    log = StringIO()
    with contextmanager(database_address)(request) as database, short_pages(), log_to(log):
        instance = tmp_path_factory.mktemp("blog")
        mail = {"blog_url": "http://localhost", "smtp_host": "127.0.0.1", "mail_from": "blog@example.org"}
        storage = {"blog_instance": instance, "database_url": database}
        with open_blog(Settings(**storage, **mail, ratelimit_enabled=False)) as app:
            world, answers = build_world(app), dict[str, list[Answer]]()
            rows = [sorted(dump())]
            for who in (NOBODY, READER, EDITOR):
                starts = world.start_paths() + (world.mailed_paths() if who == EDITOR else [])
                answers[who] = crawl(getattr(world, who), starts)
                rows.append(sorted(dump()))
            yield CrawlResult(world, answers, rows, log.getvalue())


@contextmanager
def log_to(log: StringIO) -> Iterator[None]:
    logging.getLogger().addHandler(handler := logging.StreamHandler(log))
    handler.setLevel(logging.WARNING)  # another test may have had account changes logged
    yield
    logging.getLogger().removeHandler(handler)


@contextmanager
def open_blog(settings: Settings) -> Iterator[Flask]:
    migrate(settings.database)
    app = create_app(settings)
    app.test_client_class = Browser
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def short_pages() -> Iterator[None]:
    """Shorten pages so that a few records fill several."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, size in (
            (tree, "PAGE_SIZE", 2),
            (replies, "MAX_WHOLE_BRANCH", 3),
            (replies, "FIRST_REPLIES", 1),
            (replies, "LAST_REPLIES", 1),
            (replies, "PAGE_SIZE", 2),
            (lists, "PAGE_SIZE", 3),
            (lists, "DESK_PAGE_SIZE", 5),
            (queue, "PAGE_SIZE", 10),
            (bans, "PAGE_SIZE", 2),
        ):
            patch.setattr(module, name, size)
        yield


def test_reading_changes_no_row(crawl_result: CrawlResult) -> None:
    before, *after = crawl_result.rows
    assert {row.partition(" ")[0] for row in before} == {*db.metadata.tables, "alembic_version"}
    assert [[row for row in rows if row not in before] for rows in after] == [[], [], []]
    assert after == [before] * 3


def test_every_address_is_answered_without_an_error(crawl_result: CrawlResult) -> None:
    for answers in crawl_result.answers.values():
        assert {answer.address for answer in answers if answer.status >= 500} == set()
    assert crawl_result.log == ""


def test_addresses_that_change_state_refuse_get(crawl_result: CrawlResult) -> None:
    rules = [rule for rule in crawl_result.world.app.url_map.iter_rules() if rule.methods]
    readable = {str(rule) for rule in rules if "GET" in rule.methods}
    verbs = {
        address for rule in rules if str(rule) not in readable for address in crawl_result.world.fill_rule(str(rule))
    }
    for who, answers in crawl_result.answers.items():
        found = {answer.address: answer.status for answer in answers if answer.address in verbs}
        assert found.keys() == verbs, who
        assert set(found.values()) <= {404, 405, 410}, who


def test_reader_cookie_is_set_only_by_forms(crawl_result: CrawlResult) -> None:
    for answers in crawl_result.answers.values():
        paths = {re.sub(r"\d+|\?.*", "", answer.address) for answer in answers if f"{COOKIE}=" in answer.cookies}
        assert paths == {"/posts//comments/token", "/posts//comments/new"}


def test_every_marker_is_found_where_it_belongs(crawl_result: CrawlResult) -> None:
    """Check the markers themselves, or the other tests would prove nothing."""
    world, rows = crawl_result.world, "\n".join(crawl_result.rows[0])
    stored = world.public + world.hidden + world.author_only + world.secret
    assert [one for one in stored if one not in rows] == []
    assert [one for one in world.unstored if one in rows] == []
    assert set(stored) - crawl_result.find_markers(EDITOR, stored).keys() == set(world.secret)
    assert crawl_result.find_markers(NOBODY, world.public).keys() == set(world.public)
    assert crawl_result.find_markers(READER, world.author_only).keys() == set(world.author_only)


@pytest.mark.parametrize("who", [NOBODY, READER])
def test_hidden_texts_are_readable_nowhere(crawl_result: CrawlResult, who: str) -> None:
    world = crawl_result.world
    assert crawl_result.find_markers(who, world.hidden + (world.author_only if who == NOBODY else [])) == {}


@pytest.mark.parametrize("who", [NOBODY, READER, EDITOR])
def test_keys_tokens_and_editors_addresses_are_readable_nowhere(crawl_result: CrawlResult, who: str) -> None:
    assert crawl_result.find_markers(who, crawl_result.world.secret + crawl_result.world.unstored) == {}
