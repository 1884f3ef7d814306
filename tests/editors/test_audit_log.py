from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.db import db, writing
from blog.editors.audit_log import PAGE_SIZE, list_entries, record
from tests.comments.moderation.desk import bea, decide, hold, log, post, the_editor, undo
from tests.factories import a_comment, a_post, csrf, signed_in


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def test_log_shows_editor_verb_comment_time_and_reason(app: Flask, desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post(), "A doubtful word."), "two links")
    post(desk, f"/desk/comments/{comment.id}/removal", why="sold twice before")
    decide(bea(app), comment, "approval")
    undo(desk)
    for path in ("/desk/audit", f"/desk/audit?comment={comment.id}", f"/desk/comments/{comment.id}"):
        page = desk.get(path).text
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
        assert "Ed · Undone: Approved" in words
        assert "Bea · Approved (undone)" in words
        assert "Ed · Removed" in words
        assert "Ann: A doubtful word." in words
        assert "Why: sold twice before" in words
        assert "Before: Waiting (two links)" in words


def test_log_filters_by_comment(desk: FlaskClient) -> None:
    herons = a_post()
    first, second = a_comment(herons, "First one"), a_comment(herons, "Second one")
    decide(desk, first, "removal")
    decide(desk, second, "removal")
    page = desk.get(f"/desk/audit?comment={first.id}").text
    assert "First one" in page
    assert "Second one" not in page


def test_log_paginates_by_key(desk: FlaskClient) -> None:
    with writing():
        for number in range(PAGE_SIZE + 1):
            record(the_editor(), "approve", subject=f"number {number}.", before='{"status": "held", "reason": ""}')
    page = desk.get("/desk/audit").text
    assert "number 0." not in page
    older = re.search(r'rel="next" href="([^"]*)"', page)[1]
    assert "number 0." in desk.get(older).text
    assert list_entries(None, "nonsense").older == list_entries(None, None).older


def test_failed_transaction_writes_no_entry(desk: FlaskClient) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        record(the_editor(), "approve", subject="lost")
        db.session.execute(db.text(f"SELECT {1 / 0}"))
    assert log() == []


def test_a_long_subject_is_truncated(desk: FlaskClient) -> None:
    with writing():
        record(None, "edit", subject="x" * 999)
    assert len(log()[0].subject) == 300
    assert "The author" in desk.get("/desk/audit").text


def test_log_requires_sign_in(app: Flask, desk: FlaskClient) -> None:
    decide(desk, a_comment(a_post(), "A secret subject"), "removal")
    nobody = app.test_client()
    for path in ("/desk/audit", "/desk/bans"):
        answer = nobody.get(path)
        assert answer.status_code == 303
        assert "secret" not in answer.text
    form = {"csrf_token": csrf(nobody, "/desk/sign-in")}
    assert nobody.post("/desk/bans/1?_method=DELETE", data=form).status_code == 403
