"""Test that Back after signing out shows nothing private and keeps drafts."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from tests.comments.moderation.desk import hold
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import sign_in


def test_back_button_shows_nothing_private_after_sign_out(
    blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    post = a_post("Herons return")
    hold(a_comment(post, "Only for editors."))
    server, page = serve(), reader()
    page.goto(server.url + (post.path or ""))
    page.get_by_label("Your response").fill("Not yet sent.")
    sign_in(page, server.url, "ed@example.org", "a sentence to remember")
    page.goto(f"{server.url}/desk/comments")
    expect(page.get_by_text("Only for editors.")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method in {"POST", "DELETE"}) as signed_out:
        page.get_by_role("button", name="Sign out").click()
    assert signed_out.value.all_headers()["clear-site-data"] == '"cache"'
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "Only for editors." not in page.content()
    page.goto(server.url + (post.path or ""))
    expect(page.get_by_label("Your response")).to_have_value("Not yet sent.")
