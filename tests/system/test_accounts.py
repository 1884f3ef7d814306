from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
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
