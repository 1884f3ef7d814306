from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.db import db, now, writing
from blog.editors.accounts import add_editor, create_first_run_link
from blog.editors.models import OWNER, Editor, EditorSession, SignInFailure
from blog.editors.sign_in import password_attempts
from tests.factories import csrf, sign_in

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("Ed@example.org", "Ed", OWNER, PASSWORD)


def test_first_run_link_adds_one_owner(client: FlaskClient, app: Flask) -> None:
    link = create_first_run_link()
    form = {"name": "Olive", "email": "olive@example.org", "password": PASSWORD, "again": PASSWORD}
    short = client.post(link, data=form | {"csrf_token": csrf(client, link), "password": "short", "again": "short"})
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    made = client.post(link, data=form | {"csrf_token": csrf(client, link)})
    assert made.location == "/desk/"
    assert client.get("/desk/password").status_code == 200
    assert app.test_client().get(link).status_code == 404
    assert app.test_client().get("/desk/first-run/guess").status_code == 404


def test_sign_in_begins_new_session_and_sign_out_ends_it(client: FlaskClient, ed: Editor) -> None:
    before = csrf(client, "/desk/sign-in")
    assert sign_in(client, "ed@example.org", PASSWORD).status_code == 303
    page = client.get("/desk/password")
    assert page.status_code == 200
    assert before not in page.text
    assert db.session.query(EditorSession).one().key not in page.request.headers.get("Cookie", "")
    client.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(client, "/desk/password")})
    assert client.get("/desk/password").status_code == 303
    db.session.rollback()
    assert db.session.query(EditorSession).count() == 0


def test_wrong_password_and_unknown_account_look_alike(client: FlaskClient, ed: Editor) -> None:
    answers = [sign_in(client, email, "wrong wrong wrong") for email in ("ed@example.org", "nobody@example.org")]
    assert [answer.status_code for answer in answers] == [403, 403]
    pages = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert pages[0] == pages[1]


def test_wrong_password_and_unknown_account_take_one_hash(
    client: FlaskClient, dear_passwords: None, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    from blog.editors import passwords

    real = passwords.check_password_hash
    monkeypatch.setattr(passwords, "check_password_hash", lambda h, p: checked.append(h[:20]) or real(h, p))
    for email in ("ed@example.org", "nobody@example.org"):
        sign_in(client, email, "wrong wrong wrong")
    assert [method.split("$")[0] for method in checked] == ["scrypt:131072:8:1"] * 2


def test_five_failures_throttle_account_at_that_address_only(client: FlaskClient, ed: Editor) -> None:
    for _ in range(5):
        assert sign_in(client, "ed@example.org", "wrong wrong wrong").status_code == 403
    paused = sign_in(client, "ed@example.org", PASSWORD)
    assert paused.status_code == 429
    assert 0 < int(paused.headers["Retry-After"]) <= 600
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert sign_in(client, "ed@example.org", PASSWORD, environ_overrides=elsewhere).status_code == 303


def test_throttle_ends_even_after_clock_set_back(client: FlaskClient, ed: Editor) -> None:
    for shift in (password_attempts.TEN_MINUTES, -timedelta(hours=1)):
        with writing():
            db.session.query(SignInFailure).delete()
        for _ in range(5):
            sign_in(client, "ed@example.org", "wrong wrong wrong")
        with writing():
            db.session.query(SignInFailure).update({"created_at": now() - shift})
        assert sign_in(client, "ed@example.org", PASSWORD).status_code == 303
        client.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(client, "/desk/password")})


def test_expired_session_is_refused(client: FlaskClient, ed: Editor) -> None:
    sign_in(client, "ed@example.org", PASSWORD)
    with writing():
        db.session.query(EditorSession).update({"expires_at": now() - timedelta(seconds=1)})
    assert client.get("/desk/password").location.startswith("/desk/sign-in")


def session_cookie(answer: TestResponse) -> str:
    return next(cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("talkback="))


def test_remember_me_extends_the_session(client: FlaskClient, ed: Editor) -> None:
    assert "Expires" not in session_cookie(sign_in(client, "ed@example.org", PASSWORD))
    client.delete_cookie("talkback")
    assert "Expires" in session_cookie(sign_in(client, "ed@example.org", PASSWORD, remember="y"))


def test_new_password_ends_other_sessions(app: Flask, client: FlaskClient, ed: Editor) -> None:
    other = app.test_client()
    for device in (client, other):
        sign_in(device, "ed@example.org", PASSWORD)
    form = {"current": "not this one at all", "password": "another sentence", "again": "another sentence"}
    form["csrf_token"] = csrf(client, "/desk/password")
    assert client.post("/desk/password", data=form).status_code == 422
    form["current"] = PASSWORD
    assert client.post("/desk/password", data=form).status_code == 303
    assert client.get("/desk/password").status_code == 200
    assert other.get("/desk/password").status_code == 303
    assert sign_in(app.test_client(), "ed@example.org", PASSWORD).status_code == 403


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example/desk/", "/desk//evil.example", "/", "x"])
def test_sign_in_redirects_only_to_the_desk(client: FlaskClient, ed: Editor, onward: str) -> None:
    assert sign_in(client, "ed@example.org", PASSWORD, onward=onward).location == "/desk/"


def test_request_after_session_end_is_resumed(client: FlaskClient, ed: Editor) -> None:
    sign_in(client, "ed@example.org", PASSWORD)
    token = csrf(client, "/desk/password")
    with writing():
        db.session.query(EditorSession).delete()
    late = client.post("/desk/password", data={"csrf_token": token, "title": "Written <long> ago", "note": "a\nb"})
    assert late.status_code == 403
    assert "Written &lt;long&gt; ago" in late.text
    form = {"kept-title": "Written <long> ago", "kept-note": "a\nb", "onward": "/desk/password"}
    again = sign_in(client, "ed@example.org", PASSWORD, **form)
    assert again.status_code == 200
    assert 'action="/desk/password"' in again.text
    assert "Written &lt;long&gt; ago" in again.text
