"""Test address lookups in a Turkish locale, where lower() differs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from blog.comments.models import EMAIL, VISIBLE, Ban, Comment
from blog.comments.moderation.queue import QueueFilter, comments_in
from blog.comments.privacy.data_export import count_comments, export_comments
from blog.comments.privacy.email_proof import send_link
from blog.comments.privacy.erasure import erase
from blog.comments.screening.submission import Submission
from blog.comments.screening.writer_history import find_bans
from blog.db import db, writing
from blog.editors.accounts import EmailTaken, add_editor
from blog.editors.models import EDITOR, editor_by_email
from blog.mail.models import Mail
from blog.migrations import migrate
from blog.posts.lists import posts_at_desk
from blog.posts.models import POST
from blog.settings import Settings
from tests.factories import a_comment, a_post
from tests.postgres.databases import new_database, server_address, sqlalchemy_address
from tests.speedups import open_app

CASE_VARIANTS = ("IRIS@EXAMPLE.ORG", "iris@example.org", "Iris@Example.org")
LOCALES = ["tr-TR", "az-AZ", "en-US"]


@pytest.fixture(params=LOCALES)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    options = f"ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE '{request.param}' TEMPLATE template0"
    with new_database(server_address(), options) as address:
        migrate(sqlalchemy_address(address))
        mail = {"smtp_host": "localhost", "mail_from": "blog@example.org", "blog_url": "https://blog.example.org"}
        with open_app(Settings(blog_instance=tmp_path, database_url=address, **mail)) as app:  # type: ignore[arg-type]
            yield app


@pytest.mark.parametrize("address", CASE_VARIANTS)
def test_comments_of_an_address_are_found_exported_and_erased(app: Flask, address: str) -> None:
    post = a_post()
    for number, email in enumerate(CASE_VARIANTS):
        a_comment(post, f"Number {number}.", email=email)
    a_comment(post, "Somebody else's.", email="ines@example.org")
    assert count_comments(address) == 3
    assert "".join(export_comments(address)).count('"text"') == 3
    send_link(address)
    send_link("IRIS@example.ORG")  # too soon after the first
    assert db.session.scalar(select(func.count(Mail.id))) == 1
    assert erase(address) == 3
    emails = db.session.scalars(select(Comment.email).order_by(Comment.id))
    assert list(emails) == ["", "", "", "ines@example.org"]
    assert db.session.scalars(select(Mail.id).where(Mail.due_at.is_not(None))).all() == []


def test_editors_bans_and_searches_ignore_case(app: Flask) -> None:
    post = a_post("ISTANBUL in the mist")
    comments = [a_comment(post, f"Number {number}.", email=email) for number, email in enumerate(CASE_VARIANTS)]
    with writing():
        db.session.add(Ban(kind=EMAIL, value="iris@example.org"))
    assert all(find_bans(Submission.of(comment)) for comment in comments)
    add_editor("INGRID@EXAMPLE.ORG", "Ingrid", EDITOR, "a sentence to remember")
    assert editor_by_email("Ingrid@Example.org") is not None
    with pytest.raises(EmailTaken):
        add_editor("ingrid@example.org", "Ingrid", EDITOR, "a sentence to remember")
    for word in ("iris@", "IRIS@"):
        assert len(comments_in(QueueFilter(VISIBLE, words=word), None).items) == 3
    for word in ("istanbul", "MIST"):
        assert len(posts_at_desk(POST, "all", word, None).items) == 1


def test_address_lookup_uses_the_index(app: Flask) -> None:
    db.session.execute(text("SET enable_seqscan = off"))
    query = select(Comment.id).where(Comment.has_email("Iris@Example.org"))
    plan = db.session.execute(text(f"EXPLAIN {query.compile(db.engine, compile_kwargs={'literal_binds': True})}"))
    assert "ix_comments_email" in "\n".join(row[0] for row in plan)
