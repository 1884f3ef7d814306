from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import following, sees, sign_in, stay, stayed

TITLE = "Herons return"


def test_editor_moderates_on_the_post_page_live(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    comment = a_comment(post, "Doubtful words.")
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    server = serve()
    bob, ed = reader(), reader()
    bob.goto(server.url + post.path)
    following(bob)
    stay(bob)
    expect(bob.get_by_role("link", name="Moderate")).to_be_hidden()
    sign_in(ed, server.url, "ed@example.org", "a sentence to remember")
    ed.goto(server.url + post.path)
    following(ed)
    ed.get_by_role("link", name="Moderate").click()
    ed.get_by_role("button", name="Remove").first.click()
    for page in (bob, ed):
        expect(page.locator(f"#thread-{comment.id}")).to_have_count(0)
        expect(page.locator("#response-count")).to_have_text(f'0 Response to "{TITLE}"')
    ed.goto(f"{server.url}/desk/comments?state=removed")
    ed.get_by_role("button", name="Approve").first.click()
    expect(ed.get_by_text("Published", exact=True).last).to_be_visible()
    sees(bob, "Doubtful words.", f'1 Response to "{TITLE}"')
    assert stayed(bob)


def test_queue_moderates_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Doubtful words.")
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    server = serve()
    ed = reader(java_script_enabled=False)
    sign_in(ed, server.url, "ed@example.org", "a sentence to remember")
    ed.goto(f"{server.url}/desk/comments")
    ed.get_by_role("button", name="Hold").first.click()
    expect(ed).to_have_url(f"{server.url}/desk/comments")
    expect(ed.locator(".verbs")).to_contain_text("held by Ed")
    ed.goto(server.url + post.path)
    expect(ed.locator("#response-count")).to_have_text(f'0 Response to "{TITLE}"')


def test_ended_session_leads_to_the_sign_in_page(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Doubtful words.")
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    server = serve()
    ed = reader()
    sign_in(ed, server.url, "ed@example.org", "a sentence to remember")
    ed.goto(server.url + post.path)
    ed.context.clear_cookies()
    ed.get_by_role("link", name="Moderate").click()
    expect(ed.get_by_role("heading", name="Sign in")).to_be_visible()
    ed.wait_for_load_state("load")  # the sign-in page also tells this browser that nobody is at the desk
    ed.goto(server.url + post.path)
    expect(ed.get_by_role("link", name="Moderate")).to_be_hidden()
