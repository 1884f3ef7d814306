"""Reporting: once a reader and address; enough of them hold a response, until an editor has decided on it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from blog.comments.identity import Voice
from blog.comments.models import HELD, VISIBLE, Comment, Report
from blog.comments.reactions.reports import report
from blog.comments.refusals import NoSuchComment
from blog.db import db, writing
from blog.settings import Settings
from blog.site.models import current_site
from tests.comments.moderation.desk import decide, fresh, log
from tests.factories import HTMX, a_comment, a_post, signed_in, token
from tests.system.visits import change


def voice(one: int) -> Voice:
    return Voice(f"reader {one}", f"address {one}")


def reported(comment: Comment, *reasons: str, first: int = 1) -> None:
    for one, reason in enumerate(reasons, first):
        assert report(comment.post_id, comment.id, voice(one), reason)


def enough(number: int | None) -> None:
    with writing():
        current_site().reports_to_hold = number


def address(comment: Comment, more: str = "") -> str:
    return f"/posts/{comment.post_id}/comments/{comment.id}/reports{more}"


def send(client: FlaskClient, comment: Comment, reason: str = "", **headers: str) -> TestResponse:
    form = {"csrf_token": token(client, comment.post)["csrf_token"], "reason": reason}
    return client.post(address(comment), data=form, headers=headers)


def test_three_reports_hold_it_with_what_was_said(app: Flask) -> None:
    comment = a_comment(a_post())
    reported(comment, "rude", "")
    assert fresh(comment).status == VISIBLE
    reported(comment, "rude", first=3)
    held = fresh(comment)
    assert held.status == HELD
    assert held.status_reason == "reported by 3 readers: rude"
    assert held.version == held.post.thread_version == 2
    assert held.post.comment_count == 0
    assert [(entry.verb, entry.editor_id, entry.reason) for entry in log()] == [("report", None, held.status_reason)]


def test_reasons_beyond_what_a_reason_holds_are_cut_short(app: Flask) -> None:
    comment = a_comment(a_post())
    reported(comment, "a" * 300, "b" * 300, "c" * 300)
    reason = fresh(comment).status_reason
    assert len(reason) == 500
    assert reason.endswith("…")


def test_each_reader_and_each_address_reports_once(app: Flask) -> None:
    comment = a_comment(a_post())
    reported(comment, "rude")
    for again in (Voice("reader 1", "elsewhere"), Voice("somebody else", "address 1")):
        assert not report(comment.post_id, comment.id, again, "rude indeed")
    assert db.session.scalars(select(Report.reason)).all() == ["rude"]


@pytest.mark.parametrize("number", [None, 0])
def test_an_editor_may_say_that_reports_never_hold(app: Flask, number: int | None) -> None:
    comment = a_comment(a_post())
    enough(number)
    reported(comment, *["rude"] * 5)
    assert fresh(comment).status == VISIBLE


def test_one_may_be_enough(app: Flask) -> None:
    comment = a_comment(a_post())
    enough(1)
    reported(comment, "")
    assert fresh(comment).status_reason == "reported by 1 reader"


def test_what_an_editor_approved_is_not_held_by_the_same_reports(app: Flask) -> None:
    comment, desk = a_comment(a_post()), signed_in(app)
    reported(comment, "rude", "rude", "rude")
    decide(desk, comment, "approval")
    assert fresh(comment).status == VISIBLE
    assert not report(comment.post_id, comment.id, voice(1), "still rude")
    reported(comment, "rude", "rude", first=4)
    assert fresh(comment).status == VISIBLE
    reported(comment, "rude", first=6)
    assert fresh(comment).status == HELD
    assert fresh(comment).status_reason.startswith("reported by 3 readers")


def test_an_editors_own_answer_is_never_held(app: Flask) -> None:
    signed_in(app)
    comment = a_comment(a_post(), editor_id=1)
    reported(comment, *["rude"] * 4)
    assert fresh(comment).status == VISIBLE


def test_nothing_hidden_can_be_reported(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    change(comment, "hold", "why")
    assert client.get(address(comment, "/new")).status_code == 404
    assert client.get(address(comment, "/new"), headers=HTMX).status_code == 404
    assert send(client, comment).status_code == 404
    with pytest.raises(NoSuchComment):
        report(comment.post_id, comment.id, voice(1), "")


def test_by_htmx_a_form_comes_and_then_thanks(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    form = client.get(address(comment, "/new"), headers=HTMX)
    assert "<h1" not in form.text
    assert f'hx-post="{address(comment)}"' in form.text
    first = send(client, comment, "rude", **HTMX)
    again = send(client, comment, "rude", **HTMX)
    assert first.status_code == again.status_code == 200
    assert "The editors will check this response." in first.text
    assert "have already reported this response" in again.text
    assert "talkback:reported" in first.headers["HX-Trigger"]


def test_without_javascript_two_pages_do_it(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    assert f'href="{address(comment, "/new")}"' in client.get(post.path or "").text
    assert "<h1>Report the response by Ann</h1>" in client.get(address(comment, "/new")).text
    assert "<h1>Thank you</h1>" in send(client, comment, "rude").text
    assert "have already reported this response" in send(client, comment, "rude").text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_was_written_comes_back_with_a_refusal(client: FlaskClient, headers: dict[str, str]) -> None:
    comment = a_comment(a_post())
    token(client, comment.post)
    unproven = client.post(address(comment), data={"reason": 'He said "no"'}, headers=headers)
    assert unproven.status_code == 403
    assert "press the button again" in unproven.text
    assert 'value="He said &#34;no&#34;"' in unproven.text
    long = send(client, comment, "x" * 301, **headers)
    assert long.status_code == 422
    assert "1 characters too long" in long.text
    assert "x" * 301 in long.text
    assert db.session.scalars(select(Report)).all() == []


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_database_that_is_away_gives_the_words_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    comment = a_comment(a_post())
    form = {"csrf_token": token(client, comment.post)["csrf_token"], "reason": "rude words"}

    def fail(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr("blog.comments.reactions.routes.report", fail)
    answer = client.post(address(comment), data=form, headers=headers)
    assert answer.status_code == 503
    assert 'value="rude words"' in answer.text


def test_the_desk_shows_what_was_said_and_finds_what_was_reported(app: Flask) -> None:
    post = a_post()
    comment, other, held = (a_comment(post, text) for text in ("Loud words.", "Calm words.", "Gone words."))
    reported(comment, "rude <b>", "")
    reported(held, "rude", "rude", "rude")
    desk = signed_in(app)
    page = desk.get("/desk/comments?state=reported").text
    assert re.findall(r'<article class="desk-comment" id="comment-(\d+)"', page) == [str(comment.id)]
    assert "Reported by 2 readers:" in page
    assert "rude &lt;b&gt;" in page
    assert "no reason given" in page
    assert "reader 1" not in page
    assert "address 1" not in page
    assert "reported by 3 readers: rude" in desk.get("/desk/comments?state=held").text
    assert "Held after reports" in desk.get(f"/desk/comments/{held.id}").text
    assert "Readers" in desk.get(f"/desk/comments/{held.id}").text
    assert other.id not in {comment.id, held.id}
    decide(desk, comment, "hold")
    decide(desk, comment, "approval")
    assert "Nothing here." in desk.get("/desk/comments?state=reported").text
    assert "(decided on)" in desk.get(f"/desk/comments/{comment.id}").text


class TestWithLimits:
    @pytest.fixture
    def settings(self, tmp_path, database: str) -> Settings:
        return Settings(blog_instance=tmp_path, database_url=database)

    def test_one_address_reports_so_often_and_keeps_what_it_wrote(self, client: FlaskClient) -> None:
        comment = a_comment(a_post())
        form = {"csrf_token": token(client, comment.post)["csrf_token"], "reason": "rude"}
        statuses = [client.post(address(comment), data=form, headers=HTMX).status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        refused = client.post(address(comment), data=form, headers=HTMX)
        assert "Please wait" in refused.text
        assert 'value="rude"' in refused.text
        assert int(refused.headers["Retry-After"]) >= 1
