from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from blog.db import db
from blog.editors.accounts import add_editor, create_first_run_link
from blog.editors.models import OWNER, Editor
from tests.live_server import Server
from tests.system.visits import sign_in

PASSWORD = "a sentence to remember"


@pytest.mark.parametrize("js", [True, False], ids=["htmx", "without JavaScript"])
def test_owner_adds_and_removes_an_editor(
    blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page], js: bool
) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    server = serve()
    owner, bea = reader(java_script_enabled=js), reader(java_script_enabled=js)
    sign_in(owner, server.url, "ed@example.org", PASSWORD)
    owner.get_by_role("link", name="Editors").click()
    owner.get_by_label("Name, as readers see it").fill("Bea")
    owner.get_by_label("E-mail").fill("bea@example.org")
    owner.get_by_role("button", name="Add").click()

    bea.goto(owner.get_by_label("Link").input_value())
    bea.get_by_label("New password").fill("cycling in the rain")
    bea.get_by_label("Repeat the password").fill("cycling in the rain")
    bea.get_by_role("button", name="Set password and sign in").click()
    expect(bea.get_by_role("link", name="Write a post")).to_be_visible()
    expect(bea.get_by_role("link", name="Settings")).to_have_count(0)

    owner.get_by_role("link", name="All accounts").click()
    owner.get_by_role("link", name="Bea").click()
    owner.get_by_role("link", name="Remove this account").click()
    owner.get_by_role("button", name="Remove the account").click()
    expect(owner.get_by_role("status").get_by_text("The account was removed.")).to_be_visible()
    bea.reload()
    expect(bea.get_by_role("heading", name="Sign in")).to_be_visible()


def test_refusal_keeps_the_new_passwords(
    blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    server, olive = serve(), reader()
    olive.goto(f"{server.url}{create_first_run_link()}")
    olive.get_by_label("Your name").fill("Olive")
    olive.get_by_label("E-mail").fill("olive@example.org")
    olive.get_by_label("New password").fill(PASSWORD)
    olive.get_by_label("Repeat the password").fill("another sentence")
    olive.get_by_role("button", name="Create account").click()
    expect(olive.get_by_text("The passwords are not the same.")).to_be_visible()
    expect(olive.get_by_label("New password")).to_have_value(PASSWORD)
    expect(olive.get_by_label("Your name")).to_have_value("Olive")
    again = olive.get_by_label("Repeat the password")
    expect(again).to_have_value("another sentence")
    expect(again).to_be_focused()
    assert PASSWORD not in olive.content()
    again.fill(PASSWORD)
    again.press("Enter")
    expect(olive.get_by_role("link", name="Write a post").first).to_be_visible()

    olive.goto(f"{server.url}/desk/editors")
    olive.get_by_label("Name, as readers see it").fill("Bea")
    olive.get_by_label("E-mail").fill("olive@example.org")
    olive.get_by_label("Password").fill("cycling in the rain")
    olive.get_by_role("button", name="Add").click()
    expect(olive.get_by_text("already")).to_be_visible()
    expect(olive.get_by_label("Password")).to_have_value("cycling in the rain")
    olive.get_by_label("E-mail").fill("bea@example.org")
    olive.get_by_role("button", name="Add").click()
    expect(olive.get_by_text("bea@example.org")).to_be_visible()
    assert db.session.scalar(select(func.count()).select_from(Editor)) == 2
