from __future__ import annotations

import logging
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from blog import create_app
from blog.comments.identity import Visitor
from blog.comments.models import Ban, Comment
from blog.comments.moderation import email_routes
from blog.comments.moderation.alerts import alert_editors
from blog.comments.moderation.email_actions import decision_token
from blog.comments.posting.edit import edit_comment
from blog.db import db, now, writing
from blog.editors import accounts
from blog.editors.audit_log import describe_reason
from blog.editors.models import AuditEntry, Editor
from blog.posts.models import Post
from blog.settings import Settings
from blog.web.signed_tokens import sign_token
from tests.comments.moderation.desk import decide, fresh, log
from tests.comments.moderation.letters import (
    add_owner,
    alert_mails,
    create_held,
    enable_mail,
    hold_everything,
    links,
    only_alert,
)
from tests.factories import signed_in
from tests.live_server import Server
from tests.mail.post_office import PostOffice, post_office

STATES = {"Approve": "visible", "Spam": "spam", "Remove": "removed"}
WORDS = {"Approve": "Approved", "Spam": "Marked as spam", "Remove": "Removed"}


@pytest.fixture
def post(app: Flask) -> Post:
    enable_mail(app)
    return hold_everything()


def all_rows() -> list[Any]:
    db.session.rollback()
    return [list(db.session.execute(select(table)).all()) for table in db.Model.metadata.sorted_tables]


def action_links(comment: Comment) -> dict[str, str]:
    """Return the links of the newest alert."""
    alert_editors()
    return links(alert_mails()[-1].text)


def press_button(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Press the button of a page."""
    page = client.get(path)
    assert page.status_code == 200
    assert f'method="post" action="{path}"' in page.text
    return client.post(path, data=form)


@pytest.mark.parametrize("word", STATES)
def test_link_confirms_and_its_button_applies_the_decision(client: FlaskClient, post: Post, word: str) -> None:
    add_owner()
    comment = create_held(post, email="ann@example.org")
    path = action_links(comment)[word]
    page = client.get(path)
    assert "Seen one today." in page.text
    assert "ann@example.org" in page.text
    assert "every response waits here" in page.text
    assert fresh(comment).status == "held"
    done = client.post(path)
    assert done.status_code == 303
    assert fresh(comment).status == STATES[word]
    entry = log()[0]
    assert (entry.editor_name, entry.comment_id, describe_reason(entry)) == ("Ed", comment.id, "by mail")
    page = client.get(done.location)
    assert f"<h1>{WORDS[word]}</h1>" in page.text
    assert "Undo" in page.text


def test_get_changes_nothing_for_any_link(client: FlaskClient, post: Post) -> None:
    add_owner()
    create_held(post)
    alert_editors()
    before = all_rows()
    for part in (only_alert().text, only_alert().html):
        addresses = re.findall(r"https://blog\.example\.org([^\s\"<]*)", part)
        assert len([path for path in addresses if path.startswith("/mail/decisions/")]) == 4
        for path in addresses:
            for method in ("GET", "HEAD", "OPTIONS"):
                assert client.open(path, method=method).status_code < 500
    assert all_rows() == before


def test_pages_are_not_cached_and_send_no_referrer(client: FlaskClient, post: Post) -> None:
    add_owner()
    path = action_links(create_held(post))["Approve"]
    done = client.post(path)
    for answer in (client.get(path), done, client.get(done.location), client.get("/mail/decisions/guess")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "Set-Cookie" not in answer.headers
        assert "<script" not in answer.text
        assert "jsdelivr" not in answer.text


def test_link_signs_nobody_in(client: FlaskClient, post: Post) -> None:
    add_owner()
    client.post(action_links(create_held(post))["Approve"])
    assert client.get("/desk/comments").status_code == 303


def test_link_works_once_and_invalidates_the_others(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post)
    paths = action_links(comment)
    assert client.post(paths["Approve"]).status_code == 303
    before = all_rows()
    for path in paths.values():
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 409
            assert "Ed decided on this first" in answer.text
            assert f"/desk/comments/{comment.id}" in answer.text
            assert "Undo" in answer.text  # for an editor who pressed twice
    assert all_rows() == before


def test_used_link_stays_invalid_after_undo(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post)
    path = action_links(comment)["Approve"]
    client.post(client.post(path).location)
    assert fresh(comment).status == "held"
    assert client.post(path).status_code == 409
    assert fresh(comment).status == "held"


def test_concurrent_links_apply_one_decision(client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    add_owner()
    paths, decide_by_mail = action_links(comment := create_held(post)), email_routes.decide_by_mail

    def decide_first(*args: Any) -> AuditEntry:
        monkeypatch.undo()
        assert client.post(paths["Spam"]).status_code == 303
        return decide_by_mail(*args)

    monkeypatch.setattr(email_routes, "decide_by_mail", decide_first)
    assert client.post(paths["Approve"]).status_code == 409
    assert [entry.verb for entry in log()] == ["spam"]
    assert fresh(comment).status == "spam"


def test_undo_restores_the_comment_within_ten_minutes(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post)
    before = (comment.status, comment.status_reason, comment.status_at)
    path = client.post(action_links(comment)["Spam"]).location
    before_undo = all_rows()
    assert client.get(path).status_code == 200
    assert all_rows() == before_undo
    assert press_button(client, path).status_code == 303
    comment = fresh(comment)
    assert (comment.status, comment.status_reason, comment.status_at) == before
    assert [(entry.verb, entry.editor_name) for entry in log()] == [("undo", "Ed"), ("spam", "Ed")]
    page = client.get(path)
    assert "<h1>Undone</h1>" in page.text
    assert "<form" not in page.text
    again = client.post(path)
    assert again.status_code == 409
    assert "already undone" in again.text


def test_undo_by_mail_is_refused_after_ten_minutes(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post)
    path = client.post(action_links(comment)["Approve"]).location
    with writing():
        db.session.query(AuditEntry).update({"created_at": now() - timedelta(minutes=10, seconds=1)})
    page = client.get(path)
    assert page.status_code == 200
    assert "<form" not in page.text
    answer = client.post(path)
    assert answer.status_code == 409
    assert "ten minutes" in answer.text
    assert fresh(comment).status == "visible"


def test_link_expires_after_seven_days(client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    add_owner()
    comment = create_held(post)
    at, signing = now().timestamp(), TimestampSigner.get_timestamp
    for days, status in ((7.01, 410), (6.99, 303)):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _, then=int(at - days * 86400): then)
        token = decision_token(db.session.query(Editor).one(), comment, "approve")
        monkeypatch.setattr(TimestampSigner, "get_timestamp", signing)
        answer = client.post(f"/mail/decisions/{token}")
        assert answer.status_code == status
        assert (fresh(comment).status == "visible") == (status == 303)
        if status == 410:
            assert "7 days" in answer.text


def forgeries(path: str, comment: Comment, editor: Editor) -> list[str]:
    token = path.rpartition("/")[2]
    value, at, mark = token.rsplit(".", 2)
    ban = decision_token(editor, comment, "ban").split(".")[0]
    return [
        "guess",
        token[:-1],
        # not the last character, which has unused bits
        f"{value}.{at}.{'b' if mark[0] == 'a' else 'a'}{mark[1:]}",
        f"{ban}.{at}.{mark}",  # another verb with this one's signature
        f"{value}.{at}.",
        sign_token("reversal", f"{editor.id}-{accounts.generation_tag(editor)}-1"),
        sign_token("decision", 7),
        sign_token("unsubscribe", "1-2"),
    ]


def test_forged_tokens_are_refused(client: FlaskClient, post: Post) -> None:
    editor = add_owner()
    comment = create_held(post)
    path = action_links(comment)["Approve"]
    before = all_rows()
    for forged in forgeries(path, comment, editor):
        for answer in (client.get(f"/mail/decisions/{forged}"), client.post(f"/mail/decisions/{forged}")):
            assert answer.status_code == 404
            assert "This link is not valid" in answer.text
    token = path.rpartition("/")[2]
    assert client.post(f"/mail/reversals/{token}").status_code == 404
    assert all_rows() == before


def test_edit_invalidates_the_link(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post)
    path = action_links(comment)["Approve"]
    edit_comment(post.id, comment.id, Visitor("r", ""), "Something else altogether.", throttled=False)
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 409
        assert "changed after the mail was sent" in answer.text
        assert "Something else altogether." in answer.text
    assert fresh(comment).status == "held"


def test_decision_at_the_desk_invalidates_the_link(app: Flask, client: FlaskClient, post: Post) -> None:
    desk = signed_in(app)
    comment = create_held(post)
    path = action_links(comment)["Approve"]
    decide(desk, comment, "spam")
    assert client.post(path).status_code == 409
    assert fresh(comment).status == "spam"


def test_password_change_invalidates_undo(client: FlaskClient, post: Post) -> None:
    editor = add_owner()
    comment = create_held(post)
    path = client.post(action_links(comment)["Approve"]).location
    accounts.change_password(editor, "quite another sentence", "")
    assert client.post(path).status_code == 410
    assert fresh(comment).status == "visible"


def test_links_end_with_the_password_or_the_account(client: FlaskClient, post: Post) -> None:
    editor = add_owner()
    comment = create_held(post)
    path = action_links(comment)["Approve"]
    accounts.change_password(editor, "quite another sentence", "")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "expired when the password" in answer.text
    token = decision_token(db.session.query(Editor).one(), fresh(comment), "approve")
    with writing():
        db.session.execute(delete(Editor))
    assert client.post(f"/mail/decisions/{token}").status_code == 410
    assert fresh(comment).status == "held"


def test_deleted_comment_answers_410(client: FlaskClient, post: Post) -> None:
    add_owner()
    path = action_links(create_held(post))["Approve"]
    with writing():
        db.session.execute(delete(Comment))
    assert client.post(path).status_code == 410


def test_ban_by_mail_offers_choices_and_can_be_undone(client: FlaskClient, post: Post) -> None:
    add_owner()
    comment = create_held(post, "Look at https://spam.example/x", email="ann@example.org")
    path = action_links(comment)["Ban"]
    page = client.get(path).text
    assert "ann@example.org" in page
    assert 'value="domain:spam.example"' in page
    refused = client.post(path, data={"reason": "spam all day"})
    assert refused.status_code == 422
    assert "Choose at least one." in refused.text
    assert "spam all day" in refused.text
    done = press_button(client, path, choices=["reader", "domain:spam.example"], reason="spam all day")
    assert done.status_code == 303
    assert fresh(comment).status == "spam"
    bans = db.session.query(Ban).order_by(Ban.kind).all()
    assert [(ban.kind, ban.reason) for ban in bans] == [("domain", "spam all day"), ("reader", "spam all day")]
    assert {describe_reason(entry) for entry in log()} == {"spam all day; by mail"}
    assert "<h1>Banned</h1>" in client.get(done.location).text
    press_button(client, done.location)
    assert fresh(comment).status == "held"
    assert db.session.query(Ban).count() == 0


@pytest.mark.parametrize("kind", ["decisions", "reversals"])
def test_guessing_tokens_is_throttled(settings: Settings, app: Flask, kind: str) -> None:
    client = create_app(replace(settings, ratelimit_enabled=True)).test_client()
    for method in (client.get, client.post):
        answers = [method(f"/mail/{kind}/guess{number}").status_code for number in range(61)]
        assert answers == [404] * 60 + [429]


def test_token_is_not_logged(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_owner()
    path = action_links(create_held(post))["Approve"]

    def broken(*_: object) -> AuditEntry:
        raise ZeroDivisionError

    monkeypatch.setattr(email_routes, "decide_by_mail", broken)
    with caplog.at_level(logging.DEBUG):
        assert client.post(path).status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert path.rpartition("/")[2] not in caplog.text


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


def test_held_comment_is_approved_by_mail_on_a_real_server(
    serve: Callable[..., Server], blog: Flask, office: PostOffice
) -> None:
    """By a real server and a real mail server."""
    add_owner()
    server = serve(**office.environment)
    post = hold_everything()
    comment = create_held(post, "Häring seen today.")
    (delivery,) = office.wait_for(1)
    assert delivery.recipient == "ed@example.org"
    message = delivery.message
    assert "Reply-To" not in message
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "> Häring seen today." in text
    address = server.url + links(text)["Approve"]
    with urllib.request.urlopen(address) as page:
        assert "Approve this response?" in page.read().decode()
    assert fresh(comment).status == "held"
    with urllib.request.urlopen(address, data=b"") as page:
        assert "<h1>Approved</h1>" in page.read().decode()
    with urllib.request.urlopen(server.url + (post.path or "")) as page:
        assert "Häring seen today." in page.read().decode()
