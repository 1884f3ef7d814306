"""Test editing and deleting one's own responses, and held responses, in browsers."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.site.models import current_site
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import change, following, sees, sign_in, stay, stayed, write

TITLE = "Herons return"
LEFT = re.compile(r"^1[45]:\d\d left$")
CALM = {"RATELIMIT_ENABLED": "0"}


def own(page: Page, number: int) -> None:
    """Check that the author links and the timer are shown."""
    expect(page.locator(f"#comment-{number} .own-left")).to_have_text(LEFT)


def test_author_edits_in_place_and_others_see_it_live(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann, bob = reader(), reader()
    for page in (ann, bob):
        page.goto(server.url + post.path)
        following(page)
        stay(page)
    write(ann, "My *first* words.")
    sees(bob, "My first words.", f'1 Response to "{TITLE}"')
    own(ann, 1)
    expect(bob.locator(".own-edit")).to_have_count(0)
    before = ann.locator("#comment-1 .own-left").text_content()
    expect(ann.locator("#comment-1 .own-left")).not_to_have_text(before or "")
    ann.locator("#comment-1 .own-edit").click()
    field = ann.get_by_label("Edit your response")
    expect(field).to_be_focused()
    expect(field).to_have_value("My *first* words.")
    expect(ann.locator("#comment-1 .body")).to_be_hidden()
    field.fill("My **second** words.")
    ann.get_by_role("button", name="Save changes").click()
    for page in (ann, bob):
        sees(page, "My second words.", f'1 Response to "{TITLE}"')
        expect(page.locator("#comment-1 .edited")).to_have_text("edited")
        assert stayed(page)
    expect(field).to_have_count(0)
    expect(ann.locator("#comment-1")).to_be_focused()
    own(ann, 1)
    ann.reload()
    own(ann, 1)
    bob.reload()
    expect(bob.locator("#comment-1 .edited")).to_be_visible()
    expect(bob.locator(".own-edit")).to_have_count(0)


def test_refused_edit_keeps_the_text_and_cancel_restores_the_response(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann = reader()
    ann.goto(server.url + post.path)
    write(ann, "My words.")
    ann.locator("#comment-1 .own-edit").click()
    field = ann.get_by_label("Edit your response")
    field.fill("")
    ann.get_by_role("button", name="Save changes").click()
    expect(ann.locator("#own-1")).to_contain_text("response is empty")
    field.fill("Kept through the outage.")
    server.stop()
    ann.get_by_role("button", name="Save changes").click()
    expect(ann.locator("#own-1")).to_contain_text("could not be reached")
    expect(field).to_have_value("Kept through the outage.")
    server.start()
    ann.get_by_role("link", name="Cancel").click()
    expect(field).to_have_count(0)
    expect(ann.locator("#comment-1 .body")).to_have_text("My words.")
    expect(ann.locator("#comment-1 .own-edit")).to_be_focused()


def test_deleted_response_leaves_a_place_only_if_it_has_replies(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann, bob = reader(), reader()
    for page in (ann, bob):
        page.goto(server.url + post.path)
        following(page)
        stay(page)
    write(ann, "Answered words.")
    sees(bob, "Answered words.", f'1 Response to "{TITLE}"')
    bob.locator("#comment-1 a.reply").click()
    write(bob, "The reply.", "Bob")
    sees(ann, "The reply.", f'2 Responses to "{TITLE}"')
    expect(ann.locator("#comment-1 .own-left")).to_be_visible()
    write(ann, "Lonely words.")
    sees(bob, "Lonely words.", f'3 Responses to "{TITLE}"')
    for number, left in ((1, 2), (3, 1)):
        ann.locator(f"#comment-{number} .own-delete").click()
        expect(ann.get_by_role("button", name="Delete it")).to_be_focused()
        ann.keyboard.press("Enter")
        for page in (ann, bob):
            expect(page.locator("#response-count")).to_have_text(re.compile(f"^{left} Response"))
    for page in (ann, bob):
        expect(page.locator("#comment-1 p").first).to_have_text("This response is no longer here.")
        expect(page.locator("#comment-2 .body")).to_have_text("The reply.")
        expect(page.locator("#thread-3")).to_have_count(0)
        assert stayed(page)
    expect(ann.locator(".own, .own-form")).to_have_count(0)
    expect(ann.locator("#announcement")).to_have_text("Your response has been deleted.")


def test_edit_time_ends_while_the_page_is_open(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann = reader()
    ann.clock.install()
    ann.goto(server.url + post.path)
    write(ann, "My words.")
    own(ann, 1)
    ann.locator("#comment-1 .own-edit").click()
    field = ann.get_by_label("Edit your response")
    field.fill("Too late.")
    ann.clock.fast_forward("15:01")
    expect(ann.locator(".own")).to_have_count(0)
    with changing_threads():
        comment = db.session.get_one(Comment, 1)
        comment.created_at = comment.created_at.replace(year=comment.created_at.year - 1)
    ann.get_by_role("button", name="Save changes").click()
    expect(ann.locator("#own-1")).to_contain_text("could edit this response for 15 minutes")
    expect(field).to_have_value("Too late.")
    ann.reload()
    expect(ann.locator("#comment-1")).to_be_visible()
    expect(ann.locator(".own")).to_have_count(0)


def test_author_links_survive_a_live_change(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann = reader()
    ann.goto(server.url + post.path)
    following(ann)
    write(ann, "My words.")
    own(ann, 1)
    with changing_threads():
        db.session.get_one(Comment, 1).body_html = "<p>Their words.</p>"
    change(the_first(), "approve")
    expect(ann.locator("#comment-1 .body")).to_have_text("Their words.")
    own(ann, 1)
    expect(ann.locator(".own")).to_have_count(1)


def the_first() -> Comment:
    db.session.rollback()
    return db.session.get_one(Comment, 1)


def waiting(page: Page, text: str) -> None:
    expect(page.locator("#held-place .body")).to_have_text(text)
    expect(page.locator("#held-place .waits")).to_have_text("waiting for approval")


def test_held_response_is_visible_to_its_author_only_until_approved(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    with writing():
        current_site().comment_rule = "all"
    server = serve(**CALM)
    ann, bob = reader(), reader()
    asked: list[str] = []
    bob.on("request", lambda request: asked.append(request.url))
    for page in (ann, bob):
        page.goto(server.url + post.path)
        following(page)
        stay(page)
    write(ann, "Waiting words.")
    waiting(ann, "Waiting words.")
    assert stayed(ann)
    ann.reload()
    waiting(ann, "Waiting words.")
    expect(ann.locator("#held-place .own-left")).to_have_text(LEFT)
    ann.locator("#held-place .own-edit").click()
    ann.get_by_label("Edit your response").fill("Waiting, and changed.")
    ann.get_by_role("button", name="Save changes").click()
    waiting(ann, "Waiting, and changed.")
    following(ann)
    bob.reload()
    following(bob)
    stay(bob)
    assert "Waiting" not in bob.content()
    assert not [url for url in asked if url.endswith(("/held", "/mine"))]
    change(the_first(), "approve")
    for page in (ann, bob):
        sees(page, "Waiting, and changed.", f'1 Response to "{TITLE}"')
    expect(ann.locator("#held-place > *")).to_have_count(0)
    own(ann, 1)
    assert stayed(bob)
    asked.clear()
    ann.on("request", lambda request: asked.append(request.url))
    ann.reload()
    sees(ann, "Waiting, and changed.", f'1 Response to "{TITLE}"')
    following(ann)
    assert not [url for url in asked if url.endswith("/held")]


def test_held_response_disappears_after_removal(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    with writing():
        current_site().comment_rule = "all"
    server = serve(**CALM)
    ann = reader()
    ann.goto(server.url + post.path)
    write(ann, "Waiting words.")
    waiting(ann, "Waiting words.")
    change(the_first(), "remove", "removed by Ed")
    with ann.expect_response("**/held"):
        ann.reload()
    expect(ann.locator("#held-place > *")).to_have_count(0)
    assert ann.evaluate("JSON.parse(localStorage['talkback own'])[1].held") is False


def test_response_held_later_shows_as_waiting_to_its_author(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    ann = reader()
    ann.goto(server.url + post.path)
    following(ann)
    write(ann, "Doubtful words.")
    own(ann, 1)
    change(the_first(), "hold", "held by Ed")
    waiting(ann, "Doubtful words.")
    expect(ann.locator("#thread-1")).to_have_count(0)


def test_author_edits_and_deletes_without_javascript(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    page = reader(java_script_enabled=False)
    page.goto(server.url + post.path)
    write(page, "My words.")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_role("link", name="Edit or delete your responses").click()
    expect(page.locator(".own-left")).to_have_text("15 minutes left")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Edit your response").fill("My other words.")
    page.get_by_role("button", name="Save changes").click()
    expect(page).to_have_url(re.compile(r"#comment-1$"))
    sees(page, "My other words.", f'1 Response to "{TITLE}"')
    page.get_by_role("link", name="Edit or delete your responses").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("My other words.")).to_be_visible()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("You have not posted a response to this post from this browser.")).to_be_visible()


def test_editor_response_shows_the_badge(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    comment = a_comment(post, "A question.")
    add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    server = serve()
    ed, bob = reader(), reader()
    sign_in(ed, server.url, "ed@example.org", "a sentence to remember")
    for page in (ed, bob):
        page.goto(server.url + post.path)
        following(page)
    ed.locator(f"#comment-{comment.id} a.reply").click()
    expect(ed.locator("#comment-form")).to_contain_text("You post as Ed")
    expect(ed.get_by_label("Name")).to_be_hidden()
    ed.get_by_label("Your response").fill("An answer.")
    ed.get_by_role("button", name="Post comment").click()
    for page in (ed, bob):
        expect(page.locator("#comment-2 .name")).to_have_text("Ed")
        expect(page.locator("#comment-2 .badge")).to_have_text("Editor")
        expect(page.locator("#comment-1 .badge")).to_have_count(0)


def test_author_gets_two_cookies_only(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve(**CALM)
    page = reader()
    page.goto(server.url + post.path)
    context: BrowserContext = page.context
    assert context.cookies() == []
    write(page, "My words.")
    sees(page, "My words.", f'1 Response to "{TITLE}"')
    given = {cookie["name"]: cookie for cookie in context.cookies()}
    assert given.keys() == {"talkback", "talkback_reader"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in given.values())
    assert given["talkback"]["expires"] == -1
    assert "talkback_reader" not in page.evaluate("document.cookie + JSON.stringify(localStorage)")
