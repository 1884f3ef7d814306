"""What reading gives, whoever reads; and what it leaves behind: nothing. Three readers go through everything once."""

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
from tests.conftest import address_of
from tests.leak_checks.crawler import Answer, Browser, crawl
from tests.leak_checks.everything import World, make
from tests.postgres.databases import DATABASES, dump

NOBODY, READER, EDITOR = "nobody", "reader", "ed"


@dataclass
class Crawled:
    """What each of the three was answered, all rows before and after that, and what went to the log."""

    world: World
    answers: dict[str, list[Answer]]
    rows: list[list[str]]
    log: str

    def where(self, who: str, words: list[str]) -> dict[str, list[str]]:
        """At which addresses these words are read, each that is read at all."""
        everything = "\n".join(answer.said for answer in self.answers[who])
        found = [one for one in words if one.lower() in everything]
        return {one: [answer.address for answer in self.answers[who] if one.lower() in answer.said] for one in found}


@pytest.fixture(scope="module", params=DATABASES)
def crawled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    log = StringIO()
    with contextmanager(address_of)(request) as database, short_pages(), logged_to(log):
        instance = tmp_path_factory.mktemp("blog")
        mail = {"blog_url": "http://localhost", "smtp_host": "127.0.0.1", "mail_from": "blog@example.org"}
        where = {"blog_instance": instance, "database_url": database}
        with a_blog(Settings(**where, **mail, ratelimit_enabled=False)) as app:
            world, answers = make(app), dict[str, list[Answer]]()
            rows = [sorted(dump())]
            for who in (NOBODY, READER, EDITOR):
                starts = world.starts() + (world.mailed() if who == EDITOR else [])
                answers[who] = crawl(getattr(world, who), starts)
                rows.append(sorted(dump()))
            yield Crawled(world, answers, rows, log.getvalue())


@contextmanager
def logged_to(log: StringIO) -> Iterator[None]:
    logging.getLogger().addHandler(handler := logging.StreamHandler(log))
    yield
    logging.getLogger().removeHandler(handler)


@contextmanager
def a_blog(settings: Settings) -> Iterator[Flask]:
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
    """A few posts and comments fill several pages."""
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


def test_reading_changes_no_row(crawled: Crawled) -> None:
    before, *after = crawled.rows
    assert {row.partition(" ")[0] for row in before} == {*db.metadata.tables, "alembic_version"}
    assert [[row for row in rows if row not in before] for rows in after] == [[], [], []]
    assert after == [before] * 3


def test_whatever_is_asked_for_is_answered(crawled: Crawled) -> None:
    for answers in crawled.answers.values():
        assert {answer.address for answer in answers if answer.status >= 500} == set()
    assert crawled.log == ""


def test_what_changes_something_is_no_address_to_read(crawled: Crawled) -> None:
    rules = [rule for rule in crawled.world.app.url_map.iter_rules() if rule.methods]
    readable = {str(rule) for rule in rules if "GET" in rule.methods}
    verbs = {address for rule in rules if str(rule) not in readable for address in crawled.world.filled(str(rule))}
    for who, answers in crawled.answers.items():
        found = {answer.address: answer.status for answer in answers if answer.address in verbs}
        assert found.keys() == verbs, who
        assert set(found.values()) <= {404, 405, 410}, who


def test_only_who_begins_to_write_is_given_the_readers_cookie(crawled: Crawled) -> None:
    for answers in crawled.answers.values():
        given = {re.sub(r"\d+|\?.*", "", answer.address) for answer in answers if f"{COOKIE}=" in answer.cookies}
        assert given == {"/posts//comments/token", "/posts//comments/new"}


def test_every_word_stands_where_it_belongs(crawled: Crawled) -> None:
    """Without which none of the others would say anything."""
    world, rows = crawled.world, "\n".join(crawled.rows[0])
    kept = world.shown + world.shut + world.own + world.never
    assert [one for one in kept if one not in rows] == []
    assert [one for one in world.unkept if one in rows] == []
    assert set(kept) - crawled.where(EDITOR, kept).keys() == set(world.never)
    assert crawled.where(NOBODY, world.shown).keys() == set(world.shown)
    assert crawled.where(READER, world.own).keys() == set(world.own)


@pytest.mark.parametrize("who", [NOBODY, READER])
def test_what_is_held_removed_or_not_published_is_read_nowhere(crawled: Crawled, who: str) -> None:
    world = crawled.world
    assert crawled.where(who, world.shut + (world.own if who == NOBODY else [])) == {}


@pytest.mark.parametrize("who", [NOBODY, READER, EDITOR])
def test_keys_tokens_and_editors_addresses_are_read_nowhere(crawled: Crawled, who: str) -> None:
    assert crawled.where(who, crawled.world.never + crawled.world.unkept) == {}
