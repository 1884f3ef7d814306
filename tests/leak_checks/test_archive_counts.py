"""Check the stored counts of the archive after each commit of every operation."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, insert, select, update
from sqlalchemy.pool import NullPool

from blog.db import db, writing
from blog.importing import job
from blog.posts.archive.models import ArchiveMonth, Author
from blog.posts.models import POST, Label, Post, post_labels
from blog.settings import Settings
from blog.site.models import Site
from tests.factories import a_post
from tests.leak_checks import operations
from tests.leak_checks.everything import build_world
from tests.leak_checks.page_versions import calling_function
from tests.leak_checks.test_reading import short_pages
from tests.mail.conftest import office
from tests.mail.post_office import PostOffice
from tests.postgres.databases import on_both

__all__ = ["office"]

Counts = dict[object, int]


@pytest.fixture
def settings(tmp_path: Path, database: str, office: PostOffice) -> Settings:
    mail = office.settings | {"blog_url": "http://localhost"}
    return Settings(blog_instance=tmp_path, database_url=database, ratelimit_enabled=False, **mail)


class CountWitness:
    """Compare stored with fresh counts on a connection of its own, as another process does."""

    def __init__(self) -> None:
        self.wrong: list[tuple[str, set[Any]]] = []
        self.seen: list[Counts] = []
        self.engine = create_engine(db.engine.url, poolclass=NullPool)

    def check(self, session: Any) -> None:
        if not session.info.get("writing"):
            return
        with self.engine.connect() as connection:
            stored, fresh = stored_counts(connection), fresh_counts(connection)
        if stored != fresh:
            self.wrong.append((calling_function(), set(stored.items()) ^ set(fresh.items())))
        if not self.seen or stored != self.seen[-1]:
            self.seen.append(stored)


def stored_counts(connection: Any) -> Counts:
    months = connection.execute(select(ArchiveMonth.year, ArchiveMonth.month, ArchiveMonth.post_count))
    found: Counts = {(year, month): count for year, month, count in months}
    found |= {("author", name): count for name, count in connection.execute(select(Author.name, Author.post_count))}
    labels = connection.execute(select(Label.name, Label.post_count).where(Label.post_count != 0))
    return found | {("label", name): count for name, count in labels}


def fresh_counts(connection: Any) -> Counts:
    """Count in Python, from all posts."""
    zone = ZoneInfo(connection.scalar(select(Site.timezone)))
    columns = Post.id, Post.kind, Post.published_at, Post.author_name, Post.trashed_at, Post.unpublished_at
    rows = [row for row in connection.execute(select(*columns)) if visible(row)]
    posts = [row for row in rows if row.kind == POST]
    found: Counter[object] = Counter()
    found.update((at.year, at.month) for row in posts for at in [row.published_at.astimezone(zone)])
    found.update(("author", row.author_name) for row in posts if row.author_name)
    labelled = select(post_labels.c.post_id, Label.name).join(Label)
    ids = {row.id for row in rows}
    found.update(("label", name) for post_id, name in connection.execute(labelled) if post_id in ids)
    return dict(found)


def visible(row: Any) -> bool:
    return row.published_at is not None and row.trashed_at is None and row.unpublished_at is None


@on_both
def test_counts_are_right_after_every_operation(
    app: Flask, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "start_worker", lambda import_id: None)  # else the import runs in another process
    witness = CountWitness()
    event.listen(db.session, "after_commit", witness.check)
    try:
        with short_pages():
            operations.found_blog(app)
            world = build_world(app)
            operations.import_an_export(world, tmp_path)
            operations.send_mail(world, office)
            for change in operations.OPERATIONS:
                change(world)
    finally:
        event.remove(db.session, "after_commit", witness.check)
    assert witness.wrong == []
    assert len(witness.seen) > 20


@on_both
def test_witness_finds_a_count_that_was_not_recounted(app: Flask) -> None:
    a_post(author_name="Ada", labels=("Birds",))
    witness = CountWitness()
    event.listen(db.session, "after_commit", witness.check)
    try:
        with writing():
            db.session.execute(update(Author).values(post_count=2))
        with writing():
            at = datetime.fromisoformat("2011-07-31T23:00Z")
            db.session.execute(insert(Post).values(path="/x.html", title="Past the session", published_at=at))
    finally:
        event.remove(db.session, "after_commit", witness.check)
    assert [found for _, found in witness.wrong] == [
        {(("author", "Ada"), 1), (("author", "Ada"), 2)},
        {(("author", "Ada"), 1), (("author", "Ada"), 2), ((2011, 7), 1)},
    ]
