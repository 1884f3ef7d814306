"""Test that every form returns its text while the database is unavailable."""

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
from blog.db_errors import DatabaseBusy, SchemaMissing, is_disk_full, is_schema_missing, is_temporary
from blog.posts.models import Label
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, token
from tests.postgres.databases import on_sqlite


def sqlite_error(code: int, text: str = "") -> DBAPIError:
    error = sqlite3.OperationalError(text or f"code {code}")
    error.sqlite_errorcode = code
    return OperationalError("UPDATE", None, error)


def postgres_error(state: str) -> DBAPIError:
    return DBAPIError("UPDATE", None, psycopg.errors.lookup(state)("…"))


TEMPORARY = [
    DatabaseBusy("…"),
    SchemaMissing("…"),
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
PROGRAM_ERRORS = [
    ValueError("…"),
    OSError(errno.ENOENT, "No such file"),
    IntegrityError("INSERT", None, sqlite3.IntegrityError("UNIQUE constraint failed")),
    ProgrammingError("SELECT", None, sqlite3.ProgrammingError("wrong number of parameters")),
    sqlite_error(sqlite3.SQLITE_ERROR, 'near "SELCT": syntax error'),
    *map(postgres_error, ("23505", "42601", "22P02", "42501")),
]


@pytest.mark.parametrize("error", TEMPORARY, ids=str)
def test_temporary_errors_are_recognized(error: Exception) -> None:
    assert is_temporary(error)


@pytest.mark.parametrize("error", PROGRAM_ERRORS, ids=str)
def test_program_errors_are_not_temporary(error: Exception) -> None:
    assert not is_temporary(error)
    assert not is_disk_full(error)
    assert not is_schema_missing(error)


DISK_FULL = sqlite_error(sqlite3.SQLITE_FULL, "database or disk is full")


@contextmanager
def failing_statements(fails: str | tuple[str, ...], error: DBAPIError = DISK_FULL) -> Iterator[None]:
    """Make statements that begin with `fails` fail, as on a full disk."""

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(fails):
            # or the traceback would grow with each use, and Jinja rewrites all of it
            raise error.with_traceback(None)

    event.listen(db.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", fail)


TYPED = "What was <typed> here"


def writing_routes(app: Flask) -> list[tuple[str, str]]:
    """List method and path of every writing route, with placeholder arguments."""
    found = []
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<int:\w+>", "1", rule.rule)
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", address)
        address = re.sub(r"<[^>]*>", "word", address)
        found += [(method, address) for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})]
    return found


@on_sqlite
@pytest.mark.parametrize("fails", ["BEGIN", "SELECT", "BEGIN IMMEDIATE"])
def test_every_form_returns_its_text_on_a_database_error(app: Flask, fails: str) -> None:
    client = signed_in(app)
    a_comment(a_post(labels=("Birds",)))
    proof = {"csrf_token": csrf(client, "/desk/settings"), "password": "secret words"}
    typed = dict.fromkeys(
        ("body", "email", "reason", "title", "name", "muted", "words", "blog_url", "held_mail", "note"), TYPED
    )
    answered = 0
    for method, address in writing_routes(app):
        with failing_statements(fails):
            response = client.open(address, method=method, data=typed | proof)
        assert "secret words" not in response.text, address
        if response.status_code != 503:
            # refused or done without the failing statement
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
def test_comment_and_report_are_returned_in_their_own_forms(
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
        with failing_statements(fails):
            response = client.post(address, data=proof | form, headers=headers)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
        assert "What was &lt;typed&gt; here" in response.text


@on_sqlite
def test_error_page_form_can_be_sent_again(app: Flask) -> None:
    client = signed_in(app)
    a_post(labels=("Birds",))
    with failing_statements("BEGIN IMMEDIATE"):
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
def test_command_reports_a_full_disk_in_one_sentence(app: Flask) -> None:
    runner = app.test_cli_runner()
    with failing_statements("INSERT"):
        ended = runner.invoke(args=["demo"])
    assert (ended.exit_code, ended.stderr) == (2, "The disk is full: free some space, then try again.\n")
    assert ended.stdout == ""


@on_sqlite
def test_upload_on_a_full_disk_is_answered_503(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(app)
    proof = {"csrf_token": csrf(client, "/desk/posts/new")}

    def raise_disk_full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("werkzeug.wrappers.request.default_stream_factory", raise_disk_full)
    for address in ("/desk/posts", "/desk/imports"):
        form = proof | {"title": TYPED, "photo_file": (io.BytesIO(b"x" * 1000), "photo.jpg")}
        response = client.post(address, data=form, content_type="multipart/form-data")
        assert response.status_code == 503
        assert "The site cannot answer at the moment" in response.text
