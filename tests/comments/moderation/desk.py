"""What editors do at the desk, as their forms do it."""

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
    """The second editor's browser."""
    add_editor("bea@example.org", "Bea", EDITOR, "another sentence here")
    client = app.test_client()
    sign_in(client, "bea@example.org", "another sentence here")
    return client


def the_editor(name: str = "Ed") -> Editor:
    return db.session.query(Editor).filter_by(name=name).one()


def post(desk: FlaskClient, path: str, headers: dict[str, str] | None = None, **form: Any) -> TestResponse:
    return desk.post(path, data={"csrf_token": csrf(desk, "/desk/password")} | form, headers=headers or {})


def decide(desk: FlaskClient, comment: Comment, noun: str, **headers: str) -> TestResponse:
    """By the button of the comment's page, which knows what the editor saw."""
    page = desk.get(f"/desk/comments/{comment.id}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    form = {"seen": seen[1]} if seen else {}
    return post(desk, f"/desk/comments/{comment.id}/{noun}", headers, **form)


def hold(comment: Comment, reason: str = "first response") -> Comment:
    """As the rules do it."""
    change(comment, "hold", reason)
    return fresh(comment)


def fresh(comment: Comment) -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id)


def log() -> list[AuditEntry]:
    """The audit log, the last first."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.query(AuditEntry).order_by(AuditEntry.id.desc()))


def undo(desk: FlaskClient, entry: AuditEntry | None = None, **headers: str) -> TestResponse:
    return post(desk, f"/desk/audit/{(entry or log()[0]).id}/reversal", headers)
