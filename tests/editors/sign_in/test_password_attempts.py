"""How often a password may be tried: by account, network and browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.privacy.retention import delete_all_expired
from blog.db import db, now, writing
from blog.editors.accounts import add_editor, change_password, remove_editor, sign_in_link, sign_out
from blog.editors.models import EDITOR, OWNER, Editor, SignInFailure
from blog.editors.sign_in import password_attempts
from blog.editors.sign_in.device_cookies import COOKIE
from blog.editors.sign_in.password_attempts import TooManyFailures, begin_attempt
from tests.factories import csrf, sign_in
from tests.mail.letters import mails

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


@pytest.fixture
def networks() -> Iterator[dict[str, str]]:
    return ({"REMOTE_ADDR": f"198.{n >> 8}.{n & 255}.7"} for n in range(100_000))


def guess(app: Flask, networks: Iterator[dict[str, str]], times: int, email: str = "ed@example.org") -> list[int]:
    """Try wrong passwords, each from a network and a browser of its own."""
    tries = (sign_in(app.test_client(), email, f"wrong {n}", environ_overrides=next(networks)) for n in range(times))
    return [answer.status_code for answer in tries]


def known_browser(app: Flask) -> FlaskClient:
    """A browser that signed in before, and out again."""
    browser = app.test_client()
    sign_in(browser, "ed@example.org", PASSWORD)
    browser.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(browser, "/desk/password")})
    return browser


def failures() -> int:
    db.session.rollback()
    return db.session.query(SignInFailure).count()


def words(page: TestResponse) -> str:
    return re.sub(r'value="[^"]*"', "", page.text)


@pytest.mark.parametrize("email", ["ed@example.org", "nobody@example.org", "ED@example.org "])
def test_after_twenty_failures_from_anywhere_no_stranger_may_try(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]], email: str
) -> None:
    assert guess(app, networks, 40, email) == [403] * 20 + [429] * 20
    assert failures() == 20
    refused = sign_in(app.test_client(), email, PASSWORD, environ_overrides=next(networks))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert "only browsers that signed in to this account before" in refused.text


def test_an_unknown_account_is_refused_in_the_same_words(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    pages = []
    for email in ("ed@example.org", "no@example.org"):
        guess(app, networks, 20, email)
        pages.append(words(sign_in(app.test_client(), email, PASSWORD, environ_overrides=next(networks))))
    assert pages[0] == pages[1]


def test_a_browser_that_signed_in_before_still_may(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    known = known_browser(app)
    assert guess(app, networks, 21)[-1] == 429
    assert sign_in(known, "ed@example.org", "wrong wrong wrong").status_code == 403
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303


def test_neighbours_that_guess_do_not_lock_out_a_known_browser(app: Flask, ed: Editor) -> None:
    """They share its network address, or a proxy that says nothing of addresses."""
    known = known_browser(app)
    here = ({} for _ in range(99))
    assert guess(app, here, 6)[-1] == 429
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303


def test_a_stolen_device_cookie_allows_ten_guesses_an_hour(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    known = known_browser(app)
    answers = [
        sign_in(known, "ed@example.org", f"wrong {n}", environ_overrides=next(networks)).status_code for n in range(11)
    ]
    assert answers == [403] * 10 + [429]
    assert guess(app, networks, 1) == [403]


def device_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie(COOKIE, path="/")
    assert cookie
    return cookie.value


def with_device(app: Flask, value: str) -> FlaskClient:
    browser = app.test_client()
    browser.set_cookie(COOKIE, value, path="/")
    return browser


def test_a_device_cookie_is_for_one_account_and_cannot_be_made_up(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
    bea = app.test_client()
    sign_in(bea, "bea@example.org", PASSWORD)
    guess(app, networks, 20)
    for value in ("", "x" * 3000, "1-0-abc", device_of(bea), f"{device_of(bea)}x"):
        assert sign_in(with_device(app, value), "ed@example.org", PASSWORD).status_code == 429


@pytest.mark.parametrize("ending", ["password", "sign-out", "removal"])
def test_a_device_cookie_ends_with_what_it_was_given_for(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]], ending: str
) -> None:
    add_editor("olive@example.org", "Olive", OWNER, PASSWORD)
    browser = app.test_client()
    sign_in(browser, "ed@example.org", PASSWORD)
    if ending == "password":
        change_password(ed, PASSWORD)
    elif ending == "sign-out":
        sign_out(ed)
    else:
        remove_editor(ed)
        add_editor("ed@example.org", "Ed", EDITOR, PASSWORD)
    guess(app, networks, 20)
    assert sign_in(with_device(app, device_of(browser)), "ed@example.org", PASSWORD).status_code == 429


def test_the_cookie_is_for_the_desk_alone_and_lasts(client: FlaskClient, ed: Editor) -> None:
    given = sign_in(client, "ed@example.org", PASSWORD).headers.getlist("Set-Cookie")
    (cookie,) = [one for one in given if one.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=31536000"} <= set(cookie.split("; "))


def test_a_link_from_the_server_signs_in_whatever_was_tried(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    guess(app, networks, 21)
    owner, link = app.test_client(), sign_in_link(ed)
    assert owner.post(link, data={"csrf_token": csrf(owner, link)}).location == "/desk/"
    assert owner.get("/desk/settings").status_code == 200
    owner.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(owner, "/desk/password")})
    assert sign_in(owner, "ed@example.org", PASSWORD).status_code == 303


def test_it_ends_after_an_hour_even_where_the_clock_was_set_back(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    for shift in (password_attempts.HOUR, -timedelta(hours=2)):
        with writing():
            db.session.query(SignInFailure).delete()
        guess(app, networks, 20)
        with writing():
            db.session.query(SignInFailure).update({"created_at": now() - shift})
        assert sign_in(app.test_client(), "ed@example.org", PASSWORD).status_code == 303


def test_many_at_once_pass_no_limit(app: Flask, ed: Editor) -> None:
    """Each attempt is written down before its password is checked, by whichever process."""
    begun, refused = [], []

    def attempt(number: int) -> None:
        with app.app_context():
            try:
                begun.append(begin_attempt("account", f"address {number}", None))
            except TooManyFailures:
                refused.append(number)
            db.session.remove()

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(begun), len(refused)) == (20, 10)


def test_rows_are_bounded_and_forgotten(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever addresses are made up: beyond the bound only known browsers may try, so none is pushed out."""
    monkeypatch.setattr(password_attempts, "MAX_OF_SITE", 30)
    known = known_browser(app)
    answers = [guess(app, networks, 1, f"nobody{n}@example.org")[0] for n in range(40)]
    assert answers == [403] * 30 + [429] * 10
    assert failures() == 30
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303
    delete_all_expired(now() + password_attempts.KEEP)
    assert failures() == 0


def test_a_right_password_leaves_no_failure(client: FlaskClient, ed: Editor) -> None:
    sign_in(client, "ed@example.org", PASSWORD)
    assert failures() == 0


def test_the_editor_is_mailed_once_an_hour(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    mail = {"blog_url": "http://localhost", "smtp_host": "127.0.0.1", "mail_from": "blog@example.org"}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **mail)
    guess(app, networks, 19)
    assert mails() == []
    guess(app, networks, 5)
    guess(app, networks, 25, "nobody@example.org")
    (letter,) = mails()
    assert (letter.recipient, letter.kind) == ("ed@example.org", "sign_in")
    assert "20 wrong passwords" in letter.text
    with writing():
        db.session.query(SignInFailure).delete()
    guess(app, networks, 21)
    assert len(mails()) == 1


def test_without_mail_nothing_is_written(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    assert guess(app, networks, 21)[-1] == 429
    assert mails() == []
