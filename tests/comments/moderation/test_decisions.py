from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.comments.moderation.desk import bea, decide, fresh, hold, log, post
from tests.factories import HTMX, a_comment, a_post, csrf, signed_in, why


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def test_hold_hides_and_approval_shows_a_comment(app: Flask, desk: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post, "A word too much")
    path, reader = post.path or "", app.test_client()
    assert decide(desk, comment, "hold").status_code == 303
    assert "A word too much" not in reader.get(path).text
    assert "0</span> Response to" in reader.get(path).text
    assert why(fresh(comment)) == "held by Ed"
    decide(desk, comment, "approval")
    assert "A word too much" in reader.get(path).text
    assert "1</span> Response to" in reader.get(path).text
    decide(desk, comment, "removal")
    assert "A word too much" not in reader.get(path).text
    decide(desk, comment, "spam")
    assert fresh(comment).status == "spam"
    assert why(fresh(comment)) == "marked as spam by Ed"


def test_decision_raises_versions_and_recounts(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    for expected, noun in ((2, "hold"), (3, "approval"), (4, "removal"), (5, "spam")):
        decide(desk, comment, noun)
        comment = fresh(comment)
        assert comment.post.thread_version == comment.version == expected
        assert comment.post.comment_count == (1 if noun == "approval" else 0)


def test_htmx_decision_answers_with_an_undo_line(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    answer = decide(desk, comment, "hold", **HTMX)
    assert answer.status_code == 200
    assert f'hx-target="#comment-{comment.id}-verbs"' in answer.text
    assert "Held." in answer.text
    assert f"/desk/audit/{log()[0].id}/reversal" in answer.text
    assert "<h1" not in answer.text


def test_first_of_two_editors_decides(app: Flask, desk: FlaskClient) -> None:
    comment, second = hold(a_comment(a_post())), bea(app)
    seen = str(comment.version)
    assert post(second, f"/desk/comments/{comment.id}/approval", seen=seen).status_code == 303
    answer = post(desk, f"/desk/comments/{comment.id}/removal", seen=seen)
    assert answer.status_code == 409
    assert "Bea decided on this first." in answer.text
    assert "Published" in answer.text
    assert fresh(comment).visible
    by_htmx = post(desk, f"/desk/comments/{comment.id}/removal", HTMX, seen=seen)
    assert by_htmx.status_code == 409
    assert "Bea decided on this first." in by_htmx.text
    assert [entry.verb for entry in log()] == ["approve"]


def test_repeated_decision_is_refused(app: Flask, desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    assert post(desk, f"/desk/comments/{comment.id}/approval").status_code == 303
    version = fresh(comment).version
    assert post(desk, f"/desk/comments/{comment.id}/approval").status_code == 409
    assert fresh(comment).version == version
    assert len(log()) == 1


def test_edited_comment_is_not_approved_unseen(desk: FlaskClient) -> None:
    comment = hold(a_comment(a_post()))
    answer = post(desk, f"/desk/comments/{comment.id}/approval", seen=str(comment.version - 1))
    assert answer.status_code == 409
    assert "The response changed after you loaded it." in answer.text
    assert not fresh(comment).visible


def test_decisions_need_an_editor(app: Flask) -> None:
    comment = a_comment(a_post(), email="ann@example.org")
    nobody = app.test_client()
    for path in ("", f"/{comment.id}", f"/{comment.id}/bans/new", f"/{comment.id}/answers/new"):
        answer = nobody.get(f"/desk/comments{path}")
        assert answer.status_code == 303
        assert "ann@example.org" not in answer.text
    assert nobody.get("/desk/live").status_code == 303
    token = csrf(nobody, "/desk/sign-in")
    for noun in ("approval", "hold", "spam", "removal", "bans", "answers"):
        form = {"csrf_token": token, "choices": "reader", "body": "No."}
        answer = nobody.post(f"/desk/comments/{comment.id}/{noun}", data=form)
        assert answer.status_code == 403
        assert "ann@example.org" not in answer.text
    form = {"csrf_token": token, "verb": "removal", "comment": str(comment.id)}
    assert nobody.post("/desk/comments/decisions", data=form).status_code == 403
    assert fresh(comment).visible
    assert log() == []


def test_decisions_need_a_csrf_token(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    assert desk.post(f"/desk/comments/{comment.id}/hold").status_code == 400
    assert desk.post("/desk/comments/decisions", data={"verb": "hold", "comment": comment.id}).status_code == 400
    assert desk.post(f"/desk/comments/{comment.id}/bans", data={"choices": "reader"}).status_code == 403
    assert desk.post(f"/desk/comments/{comment.id}/answers", data={"body": "Yes."}).status_code == 403
    assert fresh(comment).visible
    assert log() == []


def test_missing_comment_answers_404(desk: FlaskClient) -> None:
    for noun in ("hold", "bans", "answers"):
        assert post(desk, f"/desk/comments/999/{noun}", choices="reader", body="Yes.").status_code == 404
    for path in ("999", "999/bans/new", "999/answers/new", "?reader=999", "?state=else"):
        assert desk.get(f"/desk/comments/{path}".replace("/?", "?")).status_code == 404


def test_bulk_decision_is_one_action(desk: FlaskClient) -> None:
    post_ = a_post()
    comments = [hold(a_comment(post_, f"Number {number}")) for number in range(3)]
    values = [f"{comment.id}-{comment.version}" for comment in comments[:2]]
    answer = post(desk, "/desk/comments/decisions", verb="approval", comment=values)
    assert answer.status_code == 303
    assert [fresh(comment).visible for comment in comments] == [True, True, False]
    first, second = log()
    assert first.action_id == second.action_id is not None


def test_bulk_decision_can_cover_the_whole_page(desk: FlaskClient) -> None:
    post_ = a_post()
    comments = [hold(a_comment(post_, f"Number {number}")) for number in range(3)]
    values = [f"{comment.id}-{comment.version}" for comment in comments]
    post(desk, "/desk/comments/decisions", verb="spam", all="1", listed=values)
    assert {fresh(comment).status for comment in comments} == {"spam"}
    assert fresh(comments[0]).post.comment_count == 0


def test_bulk_decision_skips_decided_comments(app: Flask, desk: FlaskClient) -> None:
    post_ = a_post()
    first, second = (hold(a_comment(post_, f"Number {number}")) for number in range(2))
    values = [f"{comment.id}-{comment.version}" for comment in (first, second)]
    decide(bea(app), second, "removal")
    answer = post(desk, "/desk/comments/decisions", HTMX, verb="approval", comment=values)
    assert "Approved: 1 response." in answer.text
    assert "1 response was not changed" in answer.text
    assert fresh(first).visible
    assert fresh(second).status == "removed"


@pytest.mark.parametrize("form", [{"verb": "approval"}, {"verb": "approval", "comment": ["x", "-", "9999999999999"]}])
def test_bulk_decision_without_comments_does_nothing(desk: FlaskClient, form: dict[str, str]) -> None:
    hold(a_comment(a_post()))
    answer = post(desk, "/desk/comments/decisions", HTMX, **form)
    assert "Select responses first" in answer.text
    assert log() == []


def test_unknown_verb_is_refused(desk: FlaskClient) -> None:
    comment = a_comment(a_post())
    assert post(desk, "/desk/comments/decisions", verb="praise", comment=f"{comment.id}-").status_code == 400


FOREIGN_PATHS = ["/desk/comments\r\nX: y", "/desk/comments/../../x", "//evil.example", "/desk/commentsX"]


@pytest.mark.parametrize("onward", FOREIGN_PATHS)
def test_redirect_stays_within_the_desk(desk: FlaskClient, onward: str) -> None:
    comment = a_comment(a_post())
    form = {"csrf_token": csrf(desk, "/desk/comments"), "onward": onward}
    answer = desk.post(f"/desk/comments/{comment.id}/hold", data=form)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/desk/comments/{comment.id}")
