"""Send the desk's forms as an editor."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.models import Comment
from blog.db import db
from blog.editors.accounts import add_editor
from blog.editors.models import EDITOR, AuditEntry, Editor
from tests.factories import csrf, sign_in
from tests.system.visits import change


def bea(app: Flask) -> FlaskClient:
    """Return the browser of a second editor."""
    add_editor("bea@example.org", "Bea", EDITOR, "another sentence here")
    client = app.test_client()
    sign_in(client, "bea@example.org", "another sentence here")
    return client


def the_editor(name: str = "Ed") -> Editor:
    return db.session.query(Editor).filter_by(name=name).one()


def post(desk: FlaskClient, path: str, headers: dict[str, str] | None = None, **form: Any) -> TestResponse:
    return desk.post(path, data={"csrf_token": csrf(desk, "/desk/password")} | form, headers=headers or {})


def decide(desk: FlaskClient, comment: Comment, noun: str, **headers: str) -> TestResponse:
    """Press a button of the comment's page, which sends the version seen."""
    page = desk.get(f"/desk/comments/{comment.id}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    form = {"seen": seen[1]} if seen else {}
    return post(desk, f"/desk/comments/{comment.id}/{noun}", headers, **form)


def hold(comment: Comment, reason: str = "first response") -> Comment:
    """Hold a comment as a rule does."""
    change(comment, "hold", reason)
    return fresh(comment)


def fresh(comment: Comment) -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id)


def log() -> list[AuditEntry]:
    """Return the audit log, newest first."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.query(AuditEntry).order_by(AuditEntry.id.desc()))


def undo(desk: FlaskClient, entry: AuditEntry | None = None, **headers: str) -> TestResponse:
    return post(desk, f"/desk/audit/{(entry or log()[0]).id}/reversal", headers)
