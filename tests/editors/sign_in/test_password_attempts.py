"""Test the throttling of passwords by account, address and browser."""

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

from blog.comments.privacy.retention import forget_addresses
from blog.db import db, now, writing
from blog.editors.accounts import add_editor, change_password, create_sign_in_link, remove_editor, sign_out
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
    """Try wrong passwords, each from another address and browser."""
    tries = (sign_in(app.test_client(), email, f"wrong {n}", environ_overrides=next(networks)) for n in range(times))
    return [answer.status_code for answer in tries]


def known_browser(app: Flask) -> FlaskClient:
    """Return a browser that signed in before, and out again."""
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
def test_twenty_failures_block_unknown_browsers(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]], email: str
) -> None:
    assert guess(app, networks, 40, email) == [403] * 20 + [429] * 20
    assert failures() == 20
    refused = sign_in(app.test_client(), email, PASSWORD, environ_overrides=next(networks))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert "only browsers that signed in to this account before" in refused.text


def test_unknown_account_gets_the_same_message(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    pages = []
    for email in ("ed@example.org", "no@example.org"):
        guess(app, networks, 20, email)
        pages.append(words(sign_in(app.test_client(), email, PASSWORD, environ_overrides=next(networks))))
    assert pages[0] == pages[1]


def test_known_browser_may_still_sign_in(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    known = known_browser(app)
    assert guess(app, networks, 21)[-1] == 429
    assert sign_in(known, "ed@example.org", "wrong wrong wrong").status_code == 403
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303


def test_failures_at_shared_address_do_not_block_known_browser(app: Flask, ed: Editor) -> None:
    """Share an address, as behind a proxy that forwards none."""
    known = known_browser(app)
    here = ({} for _ in range(99))
    assert guess(app, here, 6)[-1] == 429
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303


def test_stolen_device_cookie_allows_ten_guesses_an_hour(
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


def test_device_cookie_is_signed_for_one_account(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
    bea = app.test_client()
    sign_in(bea, "bea@example.org", PASSWORD)
    guess(app, networks, 20)
    for value in ("", "x" * 3000, "1-0-abc", device_of(bea), f"{device_of(bea)}x"):
        assert sign_in(with_device(app, value), "ed@example.org", PASSWORD).status_code == 429


@pytest.mark.parametrize("ending", ["password", "sign-out", "removal"])
def test_device_cookie_is_revoked_with_its_account_generation(
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


def test_device_cookie_is_limited_to_desk_and_lasts(client: FlaskClient, ed: Editor) -> None:
    given = sign_in(client, "ed@example.org", PASSWORD).headers.getlist("Set-Cookie")
    (cookie,) = [one for one in given if one.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=31536000"} <= set(cookie.split("; "))


def test_sign_in_link_works_despite_throttle(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    guess(app, networks, 21)
    owner, link = app.test_client(), create_sign_in_link(ed)
    assert owner.post(link, data={"csrf_token": csrf(owner, link)}).location == "/desk/"
    assert owner.get("/desk/settings").status_code == 200
    owner.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(owner, "/desk/password")})
    assert sign_in(owner, "ed@example.org", PASSWORD).status_code == 303


def test_throttle_ends_after_an_hour_even_after_clock_set_back(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]]
) -> None:
    for shift in (password_attempts.HOUR, -timedelta(hours=2)):
        with writing():
            db.session.query(SignInFailure).delete()
        guess(app, networks, 20)
        with writing():
            db.session.query(SignInFailure).update({"created_at": now() - shift})
        assert sign_in(app.test_client(), "ed@example.org", PASSWORD).status_code == 303


def test_concurrent_attempts_cannot_exceed_limit(app: Flask, ed: Editor) -> None:
    """Rely on attempts being stored before their password is checked."""
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


def test_failure_rows_are_bounded_and_deleted(
    app: Flask, ed: Editor, networks: Iterator[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuse unknown browsers beyond the bound, so that no row is evicted."""
    monkeypatch.setattr(password_attempts, "MAX_PER_SITE", 30)
    known = known_browser(app)
    answers = [guess(app, networks, 1, f"nobody{n}@example.org")[0] for n in range(40)]
    assert answers == [403] * 30 + [429] * 10
    assert failures() == 30
    assert sign_in(known, "ed@example.org", PASSWORD).status_code == 303
    forget_addresses(now() + password_attempts.ATTEMPT_RETENTION)
    assert failures() == 0


def test_correct_password_leaves_no_failure(client: FlaskClient, ed: Editor) -> None:
    sign_in(client, "ed@example.org", PASSWORD)
    assert failures() == 0


def test_editor_is_warned_once_an_hour(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
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


def test_no_warning_without_mail_settings(app: Flask, ed: Editor, networks: Iterator[dict[str, str]]) -> None:
    assert guess(app, networks, 21)[-1] == 429
    assert mails() == []
