"""A database that cannot be used just now: what was typed comes back, whatever the form and whatever the error."""

from __future__ import annotations

import errno
import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from blog.db import db
from blog.db_errors import Busy, NoTables, is_disk_full, is_schema_missing, is_temporary
from blog.posts.models import Label
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, token
from tests.postgres.databases import on_sqlite


def sqlite_error(code: int, text: str = "") -> DBAPIError:
    error = sqlite3.OperationalError(text or f"code {code}")
    error.sqlite_errorcode = code
    return OperationalError("UPDATE", None, error)


def postgres_error(state: str) -> DBAPIError:
    return DBAPIError("UPDATE", None, psycopg.errors.lookup(state)("…"))


PASSING = [
    Busy("…"),
    NoTables("…"),
    PoolTimeout("QueuePool limit reached"),
    OSError(errno.ENOSPC, "No space left on device"),
    OperationalError("connect", None, psycopg.OperationalError("connection refused")),
    DBAPIError("SELECT 1", None, psycopg.OperationalError("gone"), connection_invalidated=True),
    sqlite_error(sqlite3.SQLITE_BUSY),
    sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT),
    sqlite_error(sqlite3.SQLITE_FULL),
    sqlite_error(sqlite3.SQLITE_READONLY_DBMOVED),
    sqlite_error(sqlite3.SQLITE_IOERR_WRITE),
    sqlite_error(sqlite3.SQLITE_ERROR, "no such table: site"),
    *map(postgres_error, ("25006", "57P01", "57P03", "57014", "40001", "40P01", "53100", "53300", "55P03", "42P01")),
]
FAULTS = [
    ValueError("…"),
    OSError(errno.ENOENT, "No such file"),
    IntegrityError("INSERT", None, sqlite3.IntegrityError("UNIQUE constraint failed")),
    ProgrammingError("SELECT", None, sqlite3.ProgrammingError("wrong number of parameters")),
    sqlite_error(sqlite3.SQLITE_ERROR, 'near "SELCT": syntax error'),
    *map(postgres_error, ("23505", "42601", "22P02", "42501")),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_passes_by_itself_is_known(error: Exception) -> None:
    assert is_temporary(error)


@pytest.mark.parametrize("error", FAULTS, ids=str)
def test_a_fault_of_the_program_is_none_of_these(error: Exception) -> None:
    assert not is_temporary(error)
    assert not is_disk_full(error)
    assert not is_schema_missing(error)


@contextmanager
def broken(fails: str) -> Iterator[None]:
    """Every statement that begins with this fails, as on a full disk."""

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(fails):
            raise sqlite_error(sqlite3.SQLITE_FULL, "database or disk is full")

    event.listen(db.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", fail)


TYPED = "What was <typed> here"


def changing(app: Flask) -> list[tuple[str, str]]:
    """Each method and address that changes something, with 1 for a number and a word for a token."""
    found = []
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<int:\w+>", "1", rule.rule)
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", address)
        address = re.sub(r"<[^>]*>", "word", address)
        found += [(method, address) for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})]
    return found


@on_sqlite
@pytest.mark.parametrize("fails", ["BEGIN", "SELECT", "BEGIN IMMEDIATE"])
def test_every_form_gives_back_what_was_typed(app: Flask, fails: str) -> None:
    client = signed_in(app)
    a_comment(a_post(labels=("Birds",)))
    proof = {"csrf_token": csrf(client, "/desk/settings"), "password": "secret words"}
    typed = dict.fromkeys(("body", "reason", "title", "name", "muted", "words", "blog_url", "held_mail", "note"), TYPED)
    answered = 0
    for method, address in changing(app):
        with broken(fails):
            response = client.open(address, method=method, data=typed | proof)
        assert "secret words" not in response.text, address
        if response.status_code != 503:
            # refused, or done, without what fails
            assert response.status_code < 500, (address, response.status_code)
            assert fails == "BEGIN IMMEDIATE" or not re.match("/desk/(?!first-run/)", address), address
            continue
        answered += 1
        assert response.headers["Retry-After"] == "30", address
        assert "What was &lt;typed&gt; here" in response.text, address
    assert answered > (20 if fails != "BEGIN IMMEDIATE" else 5)


@on_sqlite
@pytest.mark.parametrize("fails", ["SELECT", "BEGIN IMMEDIATE", "INSERT"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_response_and_a_report_come_back_in_their_own_forms(
    client: FlaskClient, fails: str, headers: dict[str, str]
) -> None:
    post = a_post()
    a_comment(post)
    forms = {
        f"/posts/{post.id}/comments": {"body": TYPED, "name": "Ann"},
        f"/posts/{post.id}/comments/1/reports": {"reason": TYPED},
    }
    proof = token(client, post)
    for address, form in forms.items():
        with broken(fails):
            response = client.post(address, data=proof | form, headers=headers)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        # htmx leaves the form in its page as it is, where only a sentence comes
        assert "What was &lt;typed&gt; here" in response.text or "HX-Retarget" in response.headers


@on_sqlite
def test_sending_it_again_from_that_page_does_what_was_asked(app: Flask) -> None:
    client = signed_in(app)
    a_post(labels=("Birds",))
    with broken("BEGIN IMMEDIATE"):
        page = client.post("/desk/labels/1", data={"name": "Great birds", "csrf_token": csrf(client, "/desk/labels/1")})
    assert page.status_code == 503
    fields = {
        part.partition('"')[0]: part.partition(">\n")[2].partition("</textarea>")[0]
        for part in page.text.split(' name="')[1:]
    }
    fields = {name: value for name, value in fields.items() if value}
    assert client.post("/desk/labels/1", data=fields).status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Label, 1).name == "Great birds"


@on_sqlite
def test_a_command_says_in_a_sentence_that_the_disk_is_full(app: Flask) -> None:
    runner = app.test_cli_runner()
    with broken("INSERT"):
        ended = runner.invoke(args=["demo"])
    assert (ended.exit_code, ended.stderr) == (2, "The disk is full: free some space, then try again.\n")
    assert ended.stdout == ""


@on_sqlite
def test_where_no_disk_has_room_for_an_upload_a_sentence_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(app)
    proof = {"csrf_token": csrf(client, "/desk/posts/new")}

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("werkzeug.wrappers.request.default_stream_factory", full)
    for address in ("/desk/posts", "/desk/imports"):
        form = proof | {"title": TYPED, "photo_file": (io.BytesIO(b"x" * 1000), "photo.jpg")}
        response = client.post(address, data=form, content_type="multipart/form-data")
        assert response.status_code == 503
        assert "The site cannot answer at the moment" in response.text
