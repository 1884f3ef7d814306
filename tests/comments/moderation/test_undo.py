from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.db import now
from tests.comments.moderation.desk import bea, decide, fresh, hold, log, post, undo
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, why


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


@pytest.mark.parametrize("noun", ["approval", "spam", "removal"])
def test_undo_restores_status_reason_and_time(desk: FlaskClient, noun: str) -> None:
    comment = hold(a_comment(a_post()), "two links")
    before = (comment.status, comment.status_reason, comment.status_at)
    decide(desk, comment, noun)
    assert fresh(comment).status != "held"
    assert undo(desk).status_code == 303
    comment = fresh(comment)
    assert (comment.status, comment.status_reason, comment.status_at) == before
    assert comment.version == comment.post.thread_version == 4
    assert comment.post.comment_count == 0


def test_undo_of_a_hold_shows_the_comment_to_readers(app: Flask, desk: FlaskClient) -> None:
    herons = a_post()
    comment = a_comment(herons, "A word in season")
    decide(desk, comment, "hold")
    undo(desk)
    assert "A word in season" in app.test_client().get(herons.path or "").text
    assert fresh(comment).post.comment_count == 1


def test_undo_reverses_a_bulk_action(desk: FlaskClient) -> None:
    herons = a_post()
    comments = [hold(a_comment(herons, f"Number {number}"), f"reason {number}") for number in range(3)]
    values = [f"{comment.id}-{comment.version}" for comment in comments]
    post(desk, "/desk/comments/decisions", verb="removal", comment=values)
    answer = undo(desk, log()[1], **HTMX)
    assert [why(fresh(comment)) for comment in comments] == ["reason 0", "reason 1", "reason 2"]
    for comment in comments:
        assert f"#comment-{comment.id}-verbs" in answer.text


def test_undo_of_a_bulk_action_skips_changed_comments(app: Flask, desk: FlaskClient) -> None:
    herons = a_post()
    comments = [hold(a_comment(herons, f"Number {number}")) for number in range(2)]
    values = [f"{comment.id}-{comment.version}" for comment in comments]
    post(desk, "/desk/comments/decisions", verb="removal", comment=values)
    done = log()[0]
    decide(bea(app), comments[1], "approval")
    answer = undo(desk, done, **HTMX)
    assert "except for 1 that had changed since" in answer.text
    assert [fresh(comment).status for comment in comments] == ["held", "visible"]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_undo_is_refused_after_another_editors_decision(app: Flask, desk: FlaskClient, headers: dict[str, str]) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    done = log()[0]
    decide(bea(app), comment, "spam")
    before = fresh(comment).version
    answer = undo(desk, done, **headers)
    assert answer.status_code == 409
    assert "The response has changed since, so this cannot be undone" in answer.text
    assert fresh(comment).status == "spam"
    assert fresh(comment).version == before


def test_second_undo_is_refused(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    done = log()[0]
    undo(desk, done)
    answer = undo(desk, done)
    assert answer.status_code == 409
    assert "This was already undone." in answer.text
    assert [entry.verb for entry in log()] == ["undo", "approve"]


def test_undo_is_refused_after_ten_minutes(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    assert "Undo" in desk.get("/desk/comments?state=all").text
    monkeypatch.setattr("blog.editors.audit_log.now", lambda: now() + timedelta(minutes=10, seconds=1))
    answer = undo(desk)
    assert answer.status_code == 409
    assert "ten minutes for undoing are over" in answer.text
    assert fresh(comment).visible
    assert "Undo" not in desk.get("/desk/comments?state=all").text
    assert 'reversal"' not in desk.get("/desk/audit").text


def test_undo_cannot_be_undone(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    undo(desk)
    assert undo(desk, log()[0]).status_code == 409
    assert fresh(comment).status == "held"


def test_editor_may_undo_another_editors_decision(app: Flask, desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    undo(bea(app))
    assert fresh(comment).status == "held"
    assert (log()[0].verb, log()[0].editor_name) == ("undo", "Bea")


def test_undo_needs_an_editor_and_a_token(app: Flask, desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    decide(desk, comment, "approval")
    nobody, done = app.test_client(), log()[0]
    form = {"csrf_token": csrf(nobody, "/desk/sign-in")}
    assert nobody.post(f"/desk/audit/{done.id}/reversal", data=form).status_code == 403
    assert desk.post(f"/desk/audit/{done.id}/reversal").status_code == 400
    assert desk.get(f"/desk/audit/{done.id}/reversal").status_code == 404
    assert post(desk, "/desk/audit/999/reversal").status_code == 404
    assert fresh(comment).visible


def test_queue_offers_undo_without_javascript(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post(), "Second that."))
    decide(desk, comment, "approval")
    page = desk.get("/desk/comments").text
    assert f'action="/desk/audit/{log()[0].id}/reversal"' in page
    assert "Approved." in page
