"""Test the commands `flask editors …`."""

from __future__ import annotations

import logging
import re

import pytest
from click.testing import Result
from flask import Flask

from blog.editors.accounts import add_editor
from blog.editors.models import EDITOR, OWNER
from tests.factories import csrf, sign_in

PASSWORD = "a sentence to remember"


def run(app: Flask, *words: str, typed: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["editors", *words], input=typed)


def add(app: Flask, email: str, *more: str, typed: str = f"{PASSWORD}\n") -> Result:
    return run(app, "add", email, "--name", "Ann", "--role", "editor", "--password-stdin", *more, typed=typed)


def test_add_and_list_accounts(app: Flask) -> None:
    assert add(app, " Ann@Example.org ").exit_code == 0
    assert run(app, "list").stdout == "ann@example.org\teditor\t0\tAnn\n"
    assert sign_in(app.test_client(), "ann@example.org", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "x", "--name", "X"], "not an e-mail address"),
        (["add", "@", "--name", "X"], "not an e-mail address"),
        (["add", "a b@example.org", "--name", "X"], "not an e-mail address"),
        (["add", f"{'x' * 300}@example.org", "--name", "X"], "not an e-mail address"),
        (["add", "x@example.org", "--name", "X", "--role", "king"], "no role"),
        (["add", "x@example.org", "--name", " "], "1 to 80"),
        (["add", "x@example.org", "--name", "x" * 81], "1 to 80"),
        (["add", "ed@example.org", "--name", "X", "--password-stdin"], "has an account already"),
        (["remove", "x@example.org"], "has no account"),
        (["remove", "ed@example.org"], "only owner"),
        (["password", "x@example.org"], "has no account"),
        (["sign-out", "x@example.org"], "has no account"),
        (["sign-out"], "or --all"),
        (["sign-out", "ed@example.org", "--all"], "or --all"),
        (["sign-in-link", "x@example.org"], "has no account"),
        (["first-run-link"], "owner already"),
    ],
)
def test_bad_input_prints_one_sentence(app: Flask, words: list[str], why: str) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    refused = run(app, *words, typed=f"{PASSWORD}\n")
    assert refused.exit_code == 2
    assert why in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [("", "at least 10"), ("short\n", "at least 10"), ("x" * 5000, "at most 1000"), ("1234567890\n", "most common")],
)
def test_unacceptable_password_is_refused(app: Flask, typed: str, why: str) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    for refused in (add(app, "ann@example.org", typed=typed), change(app, "ed@example.org", typed)):
        assert refused.exit_code == 2
        assert why in refused.stderr


def change(app: Flask, email: str, typed: str) -> Result:
    return run(app, "password", email, "--password-stdin", typed=typed)


def test_new_password_ends_all_sessions(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    browser = app.test_client()
    sign_in(browser, "ed@example.org", PASSWORD)
    assert change(app, "ed@example.org", "some other sentence\n").exit_code == 0
    assert browser.get("/desk/posts").status_code == 303
    assert sign_in(app.test_client(), "ed@example.org", "some other sentence").status_code == 303


def test_removed_account_can_be_added_again(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    for _ in range(2):
        assert add(app, "ann@example.org").exit_code == 0
        assert run(app, "remove", "Ann@example.org").exit_code == 0
        assert run(app, "list").stdout == "ed@example.org\towner\t0\tEd\n"


def test_sign_out_one_or_all_accounts(app: Flask) -> None:
    browsers = []
    for name in ("ed", "ann"):
        add_editor(f"{name}@example.org", name, EDITOR, PASSWORD)
        browsers.append(app.test_client())
        sign_in(browsers[-1], f"{name}@example.org", PASSWORD)
    assert run(app, "sign-out", "ann@example.org").exit_code == 0
    assert [browser.get("/desk/posts").status_code for browser in browsers] == [200, 303]
    assert run(app, "sign-out", "--all").exit_code == 0
    assert [browser.get("/desk/posts").status_code for browser in browsers] == [303, 303]


def test_link_commands_print_only_the_link(app: Flask) -> None:
    first = run(app, "first-run-link").stdout
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/desk/first-run/[\w-]{43}\n", first)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    link = run(app, "sign-in-link", "ed@example.org").stdout
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/desk/sign-in/[\w-]{43}\n", link)
    browser, path = app.test_client(), link.strip().removeprefix("http://127.0.0.1:8000")
    assert browser.post(path, data={"csrf_token": csrf(browser, path)}).status_code == 303
    assert browser.get("/desk/posts").status_code == 200


def test_commands_log_account_changes(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("blog.editors").setLevel(logging.NOTSET)  # as in a process without a server
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    caplog.clear()
    add(app, "ann@example.org")
    change(app, "ann@example.org", "some other sentence\n")
    run(app, "sign-in-link", "ann@example.org")
    run(app, "sign-out", "ann@example.org")
    run(app, "remove", "ann@example.org")
    assert caplog.messages == [
        "account 2 added as editor by command",
        "password of account 2 changed by command",
        "sign-in link for account 2 made by command",
        "account 2 signed out by command",
        "account 2 removed by command",
    ]
