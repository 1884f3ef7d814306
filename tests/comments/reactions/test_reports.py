"""Test reports: who may report, and that enough of them hold a comment until an editor decides."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from blog.comments.identity import Visitor
from blog.comments.models import HELD, VISIBLE, Comment, Report
from blog.comments.reactions.reports import report
from blog.comments.refusals import NoSuchComment
from blog.db import db, writing
from blog.settings import Settings
from blog.site.models import current_site
from blog.site.update import change_settings
from tests.comments.moderation.desk import decide, fresh, log
from tests.factories import HTMX, a_comment, a_post, signed_in, token, why
from tests.system.visits import change


def voice(one: int) -> Visitor:
    return Visitor(f"reader {one}", f"address {one}")


def add_reports(comment: Comment, *reasons: str, first: int = 1) -> None:
    for one, reason in enumerate(reasons, first):
        assert report(comment.post_id, comment.id, voice(one), reason)


def set_reports_to_hold(number: int | None) -> None:
    with writing():
        current_site().reports_to_hold = number


def address(comment: Comment, more: str = "") -> str:
    return f"/posts/{comment.post_id}/comments/{comment.id}/reports{more}"


def send_report(client: FlaskClient, comment: Comment, reason: str = "", **headers: str) -> TestResponse:
    form = {"csrf_token": token(client, comment.post)["csrf_token"], "reason": reason}
    return client.post(address(comment), data=form, headers=headers)


def test_three_reports_hold_a_comment_with_their_reasons(app: Flask) -> None:
    comment = a_comment(a_post())
    add_reports(comment, "rude", "")
    assert fresh(comment).status == VISIBLE
    add_reports(comment, "rude", first=3)
    held = fresh(comment)
    assert held.status == HELD
    assert why(held) == "reported by 3 readers: rude"
    assert held.version == held.post.thread_version == 2
    assert held.post.comment_count == 0
    (entry,) = log()
    assert (entry.verb, entry.editor_id, entry.reason) == ("report", None, held.status_reason)


def test_editors_read_the_first_distinct_reasons(app: Flask) -> None:
    comment = a_comment(a_post())
    change_settings({"reports_to_hold": 8})
    add_reports(comment, *(letter * 300 for letter in "aabbcdef"))
    reasons = "; ".join(letter * 300 for letter in "abcde")
    assert why(fresh(comment)) == f"reported by 8 readers: {reasons}"


def test_report_counts_once_per_reader_and_address(app: Flask) -> None:
    comment = a_comment(a_post())
    add_reports(comment, "rude")
    for again in (Visitor("reader 1", "elsewhere"), Visitor("somebody else", "address 1")):
        assert not report(comment.post_id, comment.id, again, "rude indeed")
    assert db.session.scalars(select(Report.reason)).all() == ["rude"]


@pytest.mark.parametrize("number", [None, 0])
def test_reports_never_hold_when_the_site_says_so(app: Flask, number: int | None) -> None:
    comment = a_comment(a_post())
    set_reports_to_hold(number)
    add_reports(comment, *["rude"] * 5)
    assert fresh(comment).status == VISIBLE


def test_one_report_holds_when_the_site_says_so(app: Flask) -> None:
    comment = a_comment(a_post())
    set_reports_to_hold(1)
    add_reports(comment, "")
    assert why(fresh(comment)) == "reported by 1 reader"


def test_approved_comment_is_not_held_by_the_same_reports(app: Flask) -> None:
    comment, desk = a_comment(a_post()), signed_in(app)
    add_reports(comment, "rude", "rude", "rude")
    decide(desk, comment, "approval")
    assert fresh(comment).status == VISIBLE
    assert not report(comment.post_id, comment.id, voice(1), "still rude")
    add_reports(comment, "rude", "rude", first=4)
    assert fresh(comment).status == VISIBLE
    add_reports(comment, "rude", first=6)
    assert fresh(comment).status == HELD
    assert why(fresh(comment)).startswith("reported by 3 readers")


def test_reports_never_hold_an_editors_reply(app: Flask) -> None:
    signed_in(app)
    comment = a_comment(a_post(), editor_id=1)
    add_reports(comment, *["rude"] * 4)
    assert fresh(comment).status == VISIBLE


def test_hidden_comment_cannot_be_reported(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    change(comment, "hold", "why")
    assert client.get(address(comment, "/new")).status_code == 404
    assert client.get(address(comment, "/new"), headers=HTMX).status_code == 404
    assert send_report(client, comment).status_code == 404
    with pytest.raises(NoSuchComment):
        report(comment.post_id, comment.id, voice(1), "")


def test_htmx_report_shows_a_form_then_a_confirmation(client: FlaskClient) -> None:
    comment = a_comment(a_post())
    form = client.get(address(comment, "/new"), headers=HTMX)
    assert "<h1" not in form.text
    assert f'hx-post="{address(comment)}"' in form.text
    first = send_report(client, comment, "rude", **HTMX)
    again = send_report(client, comment, "rude", **HTMX)
    assert first.status_code == again.status_code == 200
    assert "The editors will check this response." in first.text
    assert "have already reported this response" in again.text
    assert "talkback:reported" in first.headers["HX-Trigger"]


def test_report_without_javascript_uses_two_pages(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    assert f'href="{address(comment, "/new")}"' in client.get(post.path or "").text
    assert "<h1>Report the response by Ann</h1>" in client.get(address(comment, "/new")).text
    assert "<h1>Thank you</h1>" in send_report(client, comment, "rude").text
    assert "have already reported this response" in send_report(client, comment, "rude").text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_refused_report_keeps_the_typed_reason(client: FlaskClient, headers: dict[str, str]) -> None:
    comment = a_comment(a_post())
    token(client, comment.post)
    refused = client.post(address(comment), data={"reason": 'He said "no"'}, headers=headers)
    assert refused.status_code == 403
    assert "press the button again" in refused.text
    assert 'value="He said &#34;no&#34;"' in refused.text
    long = send_report(client, comment, "x" * 301, **headers)
    assert long.status_code == 422
    assert "1 characters too long" in long.text
    assert "x" * 301 in long.text
    assert db.session.scalars(select(Report)).all() == []


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_database_error_keeps_the_typed_reason(
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


def test_desk_lists_reported_comments_with_their_reasons(app: Flask) -> None:
    post = a_post()
    comment, other, held = (a_comment(post, text) for text in ("Loud words.", "Calm words.", "Gone words."))
    add_reports(comment, "rude <b>", "")
    add_reports(held, "rude", "rude", "rude")
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

    def test_reports_of_one_address_are_throttled_and_keep_the_reason(self, client: FlaskClient) -> None:
        comment = a_comment(a_post())
        form = {"csrf_token": token(client, comment.post)["csrf_token"], "reason": "rude"}
        statuses = [client.post(address(comment), data=form, headers=HTMX).status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        refused = client.post(address(comment), data=form, headers=HTMX)
        assert "Please wait" in refused.text
        assert 'value="rude"' in refused.text
        assert int(refused.headers["Retry-After"]) >= 1
