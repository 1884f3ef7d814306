"""Test the rules for new responses, and the minimum time of an open form."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from blog.comments.models import HELD, VISIBLE, Comment
from blog.db import db
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.site.update import change_settings
from tests.factories import a_post, count, why
from tests.live_server import Server
from tests.system.visits import following, sees, sign_in, write

TITLE = "Herons return"
PASSWORD = "a sentence to remember"


def open_section(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).click()


def the_comment() -> Comment:
    assert count() == 1
    return db.session.query(Comment).one()


def test_changed_rules_apply_at_once(serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask) -> None:
    post = a_post(TITLE)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    server = serve()
    desk, page = reader(), reader()
    page.goto(server.url + post.path)
    sign_in(desk, server.url, "ed@example.org", PASSWORD)
    desk.goto(f"{server.url}/desk/settings")
    open_section(desk, "Spam and reports")
    desk.get_by_label("Muted words and patterns").fill("casino\n/(oops/")
    open_section(desk, "Responses")
    desk.get_by_label("Wait for approval while a reader is new").check()
    desk.get_by_role("button", name="Save settings").click()
    expect(desk.locator("#muted-error")).to_contain_text("Line 2, /(oops/, cannot be used as a pattern")
    desk.get_by_label("Muted words and patterns").fill("casino\n/oops+/")
    desk.get_by_role("button", name="Save settings").click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    write(page, "Ooooopss, seen one.")
    expect(page.locator("#held-place")).to_contain_text("Ooooopss, seen one.")
    assert why(the_comment()) == "muted: /oops+/; a new reader: 0 of 1 responses approved so far"
    desk.get_by_label("Responses are closed").check()
    desk.get_by_role("button", name="Save settings").click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("textbox", name="Your response").fill("And another.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#comment-error")).to_contain_text("closed on this blog")
    expect(page.get_by_role("textbox", name="Your response")).to_have_value("And another.")
    page.reload()
    expect(page.locator(".closed")).to_contain_text("closed on this blog")
    expect(page.locator("#comment-form")).to_have_count(0)


def test_post_has_a_rule_of_its_own(serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask) -> None:
    post = a_post(TITLE)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    server = serve()
    desk, page = reader(), reader()
    sign_in(desk, server.url, "ed@example.org", PASSWORD)
    desk.goto(f"{server.url}/desk/posts/{post.id}/edit")
    desk.get_by_text("Date, author, responses and kind").click()
    desk.get_by_label("New responses").select_option("All wait for approval")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    page.goto(server.url + post.path)
    write(page, "Seen one.")
    expect(page.locator("#held-place")).to_contain_text("Seen one.")
    assert the_comment().status == HELD


def test_restored_text_is_sent_after_the_minimum_time(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    page = reader()
    page.goto(serve(RATELIMIT_ENABLED="1").url + post.path)
    following(page)
    write(page, "Seen one.")
    expect(page.get_by_role("button", name="Posting …")).to_be_disabled()
    sees(page, "Seen one.", f'1 Response to "{TITLE}"')
    comment = the_comment()
    assert (comment.status, why(comment)) == (VISIBLE, "")
    assert (comment.seconds or 0) >= 2


def test_throttled_text_is_sent_by_itself(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post, page = a_post(TITLE), reader()
    page.goto(serve(RATELIMIT_ENABLED="1").url + post.path)
    write(page, "Seen one.")
    sees(page, "Seen one.", f'1 Response to "{TITLE}"')
    write(page, "Another at once.")
    expect(page.get_by_role("button", name="Posting in")).to_be_disabled()
    page.get_by_label("Your response").fill("Another at once, amended while it waits.")
    sees(page, "Another at once, amended while it waits.", f'2 Responses to "{TITLE}"')
    expect(page.get_by_role("button", name="Post comment")).to_be_enabled()


def test_text_that_must_wait_for_minutes_is_returned(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post, page = a_post(TITLE), reader()
    change_settings({"reader_per_10_minutes": 1})
    page.goto(serve(RATELIMIT_ENABLED="1").url + post.path)
    write(page, "Seen one.")
    sees(page, "Seen one.", f'1 Response to "{TITLE}"')
    write(page, "Another.")
    expect(page.locator("#comment-error")).to_contain_text("Please wait 10 minutes")
    expect(page.get_by_label("Your response")).to_have_value("Another.")


def test_confirm_page_holds_immediate_submits(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    page = reader(java_script_enabled=False)
    page.goto(serve(RATELIMIT_ENABLED="1").url + post.path)
    write(page, "Seen one.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_text("waiting for approval").first).to_be_visible()
    assert why(the_comment()) == "sent less than 2 seconds after the form was opened"
