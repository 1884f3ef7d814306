"""Test the queue in browsers: keys, bulk decisions, undo, live updates, phones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from blog.comments.models import Comment
from blog.db import db
from blog.editors.accounts import add_editor
from blog.editors.models import EDITOR, OWNER
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import SIGHT, change, following, hide, sees, sign_in, stay, stayed, write

TITLE = "Herons return"
PASSWORD = "a sentence to remember"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def editors(blog: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)


@pytest.fixture
def held(blog: Flask) -> list[Comment]:
    """Create three held responses, oldest first."""
    post = a_post(TITLE)
    comments = [
        a_comment(post, f"Word number {number}.", name=name) for number, name in enumerate(("Ann", "Bob", "Cy"))
    ]
    for comment in comments:
        change(comment, "hold", "first response")
    return comments


def at_queue(page: Page, server: Server, email: str = "ed@example.org", state: str = "") -> Page:
    sign_in(page, server.url, email, PASSWORD)
    page.goto(f"{server.url}/desk/comments{state}")
    following(page)
    return page


def entry(page: Page, comment: Comment) -> Locator:
    return page.locator(f"#comment-{comment.id}")


def status(comment: Comment) -> str:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comment, comment.id).status


def test_queue_works_by_keys_and_moves_the_focus(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ann, bob, cy = held
    server = serve()
    ed, visitor = at_queue(reader(), server), reader()
    visitor.goto(server.url + (ann.post.path or ""))
    following(visitor)
    stay(ed)
    ed.keyboard.press("j")
    expect(entry(ed, cy)).to_be_focused()
    ed.keyboard.press("a")
    expect(entry(ed, bob)).to_be_focused()
    expect(entry(ed, cy)).to_contain_text("Approved.")
    sees(visitor, "Word number 2.", f'1 Response to "{TITLE}"')
    ed.keyboard.press("s")
    expect(entry(ed, ann)).to_be_focused()
    expect(entry(ed, bob)).to_contain_text("Marked as spam.")
    ed.keyboard.press("k")
    ed.keyboard.press("j")
    expect(entry(ed, ann)).to_be_focused()
    ed.keyboard.press("d")
    expect(entry(ed, ann)).to_contain_text("Removed.")
    expect(ed).to_have_title("Responses · Talkback")
    assert [status(comment) for comment in held] == ["removed", "spam", "visible"]
    ed.keyboard.press("u")
    expect(entry(ed, ann)).to_be_focused()
    expect(entry(ed, ann)).to_contain_text("first response")
    ed.keyboard.press("u")
    expect(entry(ed, bob)).to_contain_text("first response")
    ed.keyboard.press("u")
    expect(entry(ed, cy)).to_contain_text("first response")
    expect(visitor.locator("#response-count")).to_have_text(f'0 Response to "{TITLE}"')
    expect(ed).to_have_title("(3) Responses · Talkback")
    assert [status(comment) for comment in held] == ["held"] * 3
    assert stayed(ed)


def test_editor_reply_is_written_and_undone_by_keys(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ann, _bob, cy = held
    server = serve()
    ed, visitor = at_queue(reader(), server), reader()
    visitor.goto(server.url + (ann.post.path or ""))
    following(visitor)
    ed.keyboard.press("j")
    ed.keyboard.press("r")
    field = ed.get_by_label("Your reply to Cy, as Ed")
    expect(field).to_be_focused()
    ed.keyboard.type("adjust? just a dash, xu")  # every letter a key of the queue
    expect(field).to_have_value("adjust? just a dash, xu")
    assert [status(comment) for comment in held] == ["held"] * 3
    ed.keyboard.press("Escape")
    expect(entry(ed, cy)).to_be_focused()
    expect(field).to_have_value("adjust? just a dash, xu")
    ed.keyboard.press("r")
    expect(field).to_be_focused()
    ed.keyboard.press("Tab")
    ed.keyboard.press("Enter")
    expect(entry(ed, cy)).to_contain_text("Replied.")
    expect(visitor.locator("#responses article", has_text="adjust? just a dash, xu")).to_contain_text("Ed")
    sees(visitor, "Word number 2.", f'2 Responses to "{TITLE}"')
    ed.keyboard.press("u")
    expect(entry(ed, cy)).to_contain_text("first response")
    expect(visitor.locator("#response-count")).to_have_text(f'0 Response to "{TITLE}"')


def test_keys_are_ignored_in_fields_and_dialogs(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ed = at_queue(reader(), serve())
    ed.keyboard.press("j")
    for key in ("Control+d", "Alt+a", "Meta+s"):
        ed.keyboard.press(key)
    ed.keyboard.press("?")
    expect(ed.get_by_role("dialog")).to_be_visible()
    ed.keyboard.press("a")
    ed.keyboard.press("d")
    ed.keyboard.press("?")
    expect(ed.get_by_role("dialog")).to_be_hidden()
    ed.get_by_role("searchbox").focus()
    ed.keyboard.type("asd")
    expect(ed.get_by_role("searchbox")).to_have_value("asd")
    assert [status(comment) for comment in held] == ["held"] * 3


def test_selected_responses_are_moderated_and_undone_together(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ann, bob, cy = held
    ed = at_queue(reader(), serve())
    stay(ed)
    for key in "jxjx":
        ed.keyboard.press(key)
    ed.get_by_role("button", name="Approve the selected responses").click()
    expect(ed.locator("#done")).to_contain_text("Approved: 2 responses.")
    expect(entry(ed, cy)).to_contain_text("Approved.")
    expect(entry(ed, bob)).to_contain_text("Approved.")
    expect(ed).to_have_title("(1) Responses · Talkback")
    assert [status(comment) for comment in held] == ["held", "visible", "visible"]
    ed.locator("#done").get_by_role("button", name="Undo").click()
    expect(ed.locator("#done")).to_contain_text("Undone")
    expect(entry(ed, cy)).to_contain_text("first response")
    expect(ed).to_have_title("(3) Responses · Talkback")
    ed.get_by_label("All on this page").check()
    ed.get_by_role("button", name="Spam the selected responses").click()
    expect(ed.locator("#done")).to_contain_text("Marked as spam: 3 responses.")
    ed.keyboard.press("u")
    expect(entry(ed, ann)).to_contain_text("first response")
    assert [status(comment) for comment in held] == ["held"] * 3
    assert stayed(ed)


def test_queue_announces_new_responses_and_moves_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ann, _bob, cy = held
    server = serve()
    ed, bea, visitor = at_queue(reader(), server), reader(), reader()
    bea.add_init_script(SIGHT)
    sign_in(bea, server.url, "bea@example.org", PASSWORD)
    bea.goto(f"{server.url}/desk/labels")
    following(bea)
    hide(bea)  # in a tab behind others, whose title is all that can be seen
    expect(bea).to_have_title("(3) Labels · Talkback")
    place = entry(ed, cy).bounding_box()
    visitor.goto(server.url + (ann.post.path or ""))
    write(visitor, "Seen too.")
    expect(visitor.locator("#responses .body", has_text="Seen too.")).to_have_count(1)
    later = a_comment(ann.post, "And another.", name="Dee")
    change(later, "hold", "a link")
    for page in (ed, bea):
        expect(page).to_have_title(f"(4) {'Responses' if page is ed else 'Labels'} · Talkback")
        expect(page.locator("#waiting-count")).to_have_text("4 waiting for approval")
    expect(ed.locator("#queue-new")).to_have_text("1 new waiting: show")
    assert entry(ed, cy).bounding_box() == place
    expect(entry(ed, later)).to_have_count(0)
    ed.get_by_role("link", name="show", exact=True).click()
    expect(entry(ed, later)).to_be_visible()
    entry(ed, later).get_by_role("button", name="Approve").click()
    expect(bea).to_have_title("(3) Labels · Talkback")


def test_second_editor_sees_who_decided_first(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    server = serve()
    ed, bea = at_queue(reader(), server), at_queue(reader(), server, "bea@example.org")
    entry(bea, held[0]).get_by_role("button", name="Approve").click()
    expect(entry(bea, held[0])).to_contain_text("Approved.")
    entry(ed, held[0]).get_by_role("button", name="Remove").click()
    expect(entry(ed, held[0])).to_contain_text("Bea decided on this first.")
    expect(entry(ed, held[0]).locator(".state")).to_have_text("Published")
    assert status(held[0]) == "visible"
    entry(ed, held[0]).get_by_role("button", name="Remove").click()
    expect(entry(ed, held[0])).to_contain_text("Removed.")
    entry(bea, held[0]).get_by_role("button", name="Undo").click()
    expect(entry(bea, held[0])).to_contain_text("The response has changed since, so this cannot be undone")
    assert status(held[0]) == "removed"


def test_ban_is_made_in_the_queue_and_undone(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    server = serve()
    ed = at_queue(reader(), server)
    entry(ed, held[0]).get_by_role("link", name="Ban", exact=True).click()
    expect(ed.get_by_label("This reader")).to_be_focused()
    ed.get_by_role("button", name="Ban and mark as spam").click()
    expect(entry(ed, held[0])).to_contain_text("Choose at least one.")
    ed.get_by_label("This reader").check()
    ed.get_by_label("Why (for the list").fill("advertises")
    ed.get_by_role("button", name="Ban and mark as spam").click()
    expect(entry(ed, held[0])).to_contain_text("Banned.")
    assert status(held[0]) == "spam"
    entry(ed, held[0]).get_by_role("button", name="Undo").click()
    expect(entry(ed, held[0])).to_contain_text("first response")
    ed.goto(f"{server.url}/desk/bans")
    expect(ed.get_by_text("There are no bans.")).to_be_visible()


def test_queue_is_usable_on_a_phone(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    server = serve()
    ed = at_queue(reader(viewport=PHONE, has_touch=True, is_mobile=True), server)
    for button in entry(ed, held[1]).locator(".buttons > *").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 43.5
        assert box["width"] >= 44
    before = entry(ed, held[0]).evaluate("entry => entry.getBoundingClientRect().top + scrollY")
    entry(ed, held[1]).get_by_role("button", name="Approve").tap()
    expect(entry(ed, held[1])).to_contain_text("Approved.")
    assert entry(ed, held[0]).evaluate("entry => entry.getBoundingClientRect().top + scrollY") == before
    entry(ed, held[0]).get_by_role("link", name="Ban", exact=True).tap()
    expect(ed.get_by_label("This reader")).to_be_visible()
    for path in ("comments?state=all", f"comments/{held[0].id}", f"comments/{held[0].id}/bans/new", "bans", "audit"):
        assert ed.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        ed.goto(f"{server.url}/desk/{path}")
    assert ed.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_queue_works_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    ann, bob, cy = held
    server = serve()
    ed = reader(java_script_enabled=False)
    sign_in(ed, server.url, "ed@example.org", PASSWORD)
    ed.goto(f"{server.url}/desk/comments")
    entry(ed, cy).get_by_role("button", name="Approve").click()
    expect(ed.locator("#done")).to_contain_text("Approved. Cy: Word number 2.")
    ed.locator("#done").get_by_role("button", name="Undo").click()
    expect(entry(ed, cy)).to_contain_text("first response")
    for comment in (ann, bob):
        entry(ed, comment).get_by_role("checkbox").check()
    ed.get_by_role("button", name="Remove the selected responses").click()
    expect(ed.locator("article")).to_have_count(1)
    ed.locator("#done").get_by_role("button", name="Undo").click()
    expect(ed.locator("article")).to_have_count(3)
    entry(ed, cy).get_by_role("link", name="Reply").click()
    ed.get_by_label("Your reply to Cy, as Ed").fill("Thank you.")
    ed.get_by_role("button", name="Approve and reply").click()
    expect(ed.get_by_role("heading", name="Response by Ed")).to_be_visible()
    ed.goto(f"{server.url}/desk/comments?state=all")
    entry(ed, bob).get_by_role("link", name="Ban", exact=True).click()
    ed.get_by_label("This network address").check()
    ed.get_by_role("button", name="Ban and mark as spam").click()
    ed.goto(f"{server.url}/desk/bans")
    ed.get_by_role("button", name="Remove the ban").click()
    expect(ed.get_by_text("There are no bans.")).to_be_visible()
    ed.get_by_role("button", name="Undo").click()
    expect(ed.get_by_text("the address of Bob")).to_be_visible()
    assert [status(comment) for comment in held] == ["held", "spam", "visible"]


def test_reply_text_survives_the_end_of_the_session(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    server = serve()
    ed = at_queue(reader(), server)
    ed.keyboard.press("j")
    ed.keyboard.press("r")
    ed.get_by_label("Your reply to Cy, as Ed").fill("Not to be lost.")
    ed.context.clear_cookies()
    ed.get_by_role("button", name="Approve and reply").click()
    ed.get_by_label("E-mail").fill("ed@example.org")
    ed.get_by_label("Password").fill(PASSWORD)
    ed.get_by_role("button", name="Sign in").click()
    ed.get_by_role("button").last.click()
    expect(ed.get_by_text("Not to be lost.").first).to_be_visible()


def test_ended_session_gets_no_events(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None, held: list[Comment]
) -> None:
    server = serve(LIVE_BEAT="1")
    ed = at_queue(reader(), server)
    other = ed.context.new_page()
    other.goto(f"{server.url}/desk/posts")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(ed.locator("#live[data-following]")).to_have_count(0)
    change(held[0], "approve")
    expect(ed).to_have_title("(3) Responses · Talkback")


def test_removed_response_leaves_an_undo_on_the_post_page(
    serve: Callable[..., Server], reader: Callable[..., Page], editors: None
) -> None:
    post = a_post(TITLE)
    comment = a_comment(post, "Doubtful words.")
    server = serve()
    ed = reader()
    sign_in(ed, server.url, "ed@example.org", PASSWORD)
    ed.goto(server.url + (post.path or ""))
    following(ed)
    ed.get_by_role("link", name="Moderate").click()
    ed.get_by_role("button", name="Spam").click()
    expect(ed.locator(f"#thread-{comment.id}")).to_have_count(0)
    expect(ed.locator("#moderated")).to_contain_text("Marked as spam.")
    ed.get_by_role("button", name="Undo").click()
    sees(ed, "Doubtful words.", f'1 Response to "{TITLE}"')
    expect(ed.locator("#moderated")).to_contain_text("Undone")
