"""Test the hashing, checking and refusal of passwords."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from blog.db import db, writing
from blog.editors import passwords
from blog.editors.accounts import add_editor, create_first_run_link, create_password_link
from blog.editors.models import OWNER, Editor, EditorSession
from blog.editors.password_rules import find_password_problem
from blog.editors.passwords import MAX_PASSWORD_LENGTH, TooBusy, hash_password, hashing, password_matches
from blog.site.update import change_settings
from tests.factories import csrf, sign_in

PASSWORD = "a sentence to remember"
OLD = "scrypt:256:8:1"


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


def stored(editor: Editor) -> str:
    db.session.rollback()
    db.session.expire_all()
    return editor.password_hash


def give_old_hash(editor: Editor, password: str) -> None:
    with writing():
        editor.password_hash = generate_password_hash(password, OLD)


@pytest.mark.usefixtures("dear_passwords")
def test_hash_uses_owasp_parameters() -> None:
    with hashing():
        assert hash_password(PASSWORD).startswith("scrypt:131072:8:1$")


def test_old_hash_is_replaced_at_sign_in(client: FlaskClient, ed: Editor) -> None:
    give_old_hash(ed, PASSWORD)
    assert sign_in(client, "ed@example.org", "wrong wrong wrong").status_code == 403
    assert stored(ed).startswith(OLD)
    assert sign_in(client, "ed@example.org", PASSWORD).status_code == 303
    assert stored(ed).startswith(f"{passwords.METHOD}$")
    client.delete_cookie("talkback")
    assert sign_in(client, "ed@example.org", PASSWORD).status_code == 303


def test_old_hash_matches_unnormalized_password(client: FlaskClient, ed: Editor) -> None:
    typed = "the ﬁrst ½ sentence"
    give_old_hash(ed, typed)
    assert sign_in(client, "ed@example.org", typed).status_code == 303
    client.delete_cookie("talkback")
    assert sign_in(client, "ed@example.org", unicodedata.normalize("NFKC", typed)).status_code == 303


def test_password_matches_in_another_unicode_form(client: FlaskClient) -> None:
    add_editor("zoe@example.org", "Zoë", OWNER, unicodedata.normalize("NFC", "Zoë läuft über Felder"))
    assert sign_in(client, "zoe@example.org", unicodedata.normalize("NFD", "Zoë läuft über Felder")).status_code == 303


@pytest.mark.parametrize("old", [False, True])
def test_wrong_password_takes_equal_work_for_every_account(
    client: FlaskClient, ed: Editor, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    """Include a time when one account still has an old hash."""
    monkeypatch.setattr(passwords, "OLD_METHOD", OLD)
    add_editor("new@example.org", "New", OWNER, PASSWORD)
    add_editor("link@example.org", "Without a password", OWNER, "")
    if old:
        give_old_hash(ed, PASSWORD)
    work: dict[str, list[str]] = {}
    real = passwords.check_password_hash
    for email in ("ed@example.org", "new@example.org", "link@example.org", "nobody@example.org"):
        done = work[email] = []
        monkeypatch.setattr(
            passwords, "check_password_hash", lambda h, p, done=done: done.append(h.split("$")[0]) or real(h, p)
        )
        assert sign_in(client, email, "wrong wrong wrong").status_code == 403
    expected = [passwords.METHOD, OLD] if old else [passwords.METHOD]
    assert work == dict.fromkeys(work, expected)


@pytest.mark.parametrize("password", ["", "nobody", "0" * 128])
def test_account_without_password_matches_none(client: FlaskClient, password: str) -> None:
    add_editor("ann@example.org", "Ann", OWNER, "")
    with hashing():
        assert not password_matches(password, "")
    assert sign_in(client, "ann@example.org", password or "x").status_code == 403


def test_third_concurrent_hash_is_refused_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, done = threading.Event(), []
    acquire = passwords._hash_lock.acquire

    class Slot:
        locked, release = passwords._hash_lock.locked, passwords._hash_lock.release

        def acquire(self, timeout: float) -> bool:
            waiting.set()
            return acquire(timeout=timeout)

    def wait() -> None:
        with hashing():
            done.append("second")

    with hashing():
        monkeypatch.setattr(passwords, "_hash_lock", Slot())
        second = threading.Thread(target=wait)
        second.start()
        waiting.wait(5)
        with pytest.raises(TooBusy), hashing():
            pass
        done.append("first")
    second.join(5)
    assert done == ["first", "second"]


def test_hash_timeout_is_refused_and_not_counted(
    client: FlaskClient, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAIT_SECONDS", 0.01)
    token = csrf(client, "/desk/sign-in")
    form = {"csrf_token": token, "email": "ed@example.org", "password": PASSWORD, "kept-title": "Herons"}
    with hashing():
        busy = client.post("/desk/session", data=form)
    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0
    assert "try again in a few seconds" in busy.text
    assert "Herons" in busy.text
    assert client.post("/desk/session", data=form).status_code == 200


def test_hashing_requires_the_lock() -> None:
    with pytest.raises(RuntimeError):
        hash_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 10"),
        ("x" * (MAX_PASSWORD_LENGTH + 1), "at most 1000"),
        ("x" * 1_000_000, "at most 1000"),
        ("1234567890", "most common"),
        ("Qwertyuiop", "most common"),
        ("password123", "most common"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10", "most common"),
        ("aaaaaaaaaaaa", "most common"),
        ("ababababab", "most common"),
        ("Herons&Friends", "little more than a name"),
        ("heronsherons!", "little more than a name"),
        ("Olive.2026!!", "little more than a name"),
        ("olive@example.org", "little more than a name"),
        ("blog.herons.example", "little more than a name"),
    ],
)
def test_guessable_password_is_refused(app: Flask, password: str, why: str) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].__class__(blog_url="https://blog.herons.example")
    change_settings({"title": "Herons & Friends"})
    assert why in find_password_problem(password, "Olive", "olive@example.org")


@pytest.mark.parametrize(
    "password", ["8275918340", "the herons of my lake", "Olive trees in November", "一二三四五六七八九十", "x1y2z3x4y5"]
)
def test_other_password_is_accepted(app: Flask, password: str) -> None:
    change_settings({"title": "Herons"})
    assert find_password_problem(password, "Olive", "olive@example.org") == ""


def test_password_form_refuses_common_passwords(client: FlaskClient, ed: Editor) -> None:
    sign_in(client, "ed@example.org", PASSWORD)
    form = {"current": PASSWORD, "password": "1234567890", "again": "1234567890"}
    refused = client.post("/desk/password", data=form | {"csrf_token": csrf(client, "/desk/password")})
    assert refused.status_code == 422
    assert "most common" in refused.text


def test_stolen_session_may_guess_password_ten_times(app: Flask, client: FlaskClient, ed: Editor) -> None:
    """Count across addresses and sessions; sign-in is not throttled."""
    other = app.test_client()
    for browser in (client, other):
        sign_in(browser, "ed@example.org", PASSWORD)
    new = {"password": "some other sentence", "again": "some other sentence"}
    answers = []
    for number in range(12):
        browser = (client, other)[number % 2]
        form = new | {"current": f"guess number {number}", "csrf_token": csrf(browser, "/desk/password")}
        elsewhere = {"REMOTE_ADDR": f"198.51.100.{number}"}
        answers.append(browser.post("/desk/password", data=form, environ_overrides=elsewhere))
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Please wait" in answers[-1].text
    assert sign_in(app.test_client(), "ed@example.org", PASSWORD).status_code == 303
    assert db.session.query(EditorSession).count() == 3


def test_busy_password_forms_return_typed_text(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAIT_SECONDS", 0.01)
    new = {"password": "some other sentence", "again": "some other sentence", "name": "Olive", "role": "editor"}
    new |= {"email": "olive@example.org", "current": PASSWORD}
    first, stranger = create_first_run_link(), app.test_client()
    busy = [post_while_busy(stranger, first, new)]
    ed = add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    busy.append(post_while_busy(stranger, create_password_link(ed), new))
    sign_in(client, "ed@example.org", PASSWORD)
    busy += [post_while_busy(client, path, new) for path in ("/desk/editors", "/desk/password")]
    assert [answer.status_code for answer in busy] == [503] * 4
    for answer in busy:
        assert int(answer.headers["Retry-After"]) >= 0
        assert "try again in a few seconds" in answer.text
        assert "some other sentence" not in answer.text
    assert 'value="olive@example.org"' in busy[0].text
    assert 'value="olive@example.org"' in busy[2].text
    assert db.session.query(Editor).count() == 1


def post_while_busy(browser: FlaskClient, path: str, form: dict[str, str]) -> TestResponse:
    form_token = csrf(browser, path)
    with hashing():
        return browser.post(path, data=form | {"csrf_token": form_token})
