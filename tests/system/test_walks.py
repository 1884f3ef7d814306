"""Walk through the whole product: once without JavaScript, once by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flask import Flask
from playwright.sync_api import Locator, Page, expect

from blog.editors.accounts import create_first_run_link
from tests.live_server import Server
from tests.system.test_desk import PASSWORD, TITLE, photo
from tests.system.visits import following


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def thread_heading(page: Page, text: str) -> None:
    expect(page.locator("#response-count")).to_have_text(f'{text} to "{TITLE}"')


def test_whole_walk_without_javascript(serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask) -> None:
    server = serve(RATELIMIT_ENABLED="0")
    editor, ann = reader(java_script_enabled=False), reader(java_script_enabled=False)

    # the first account and the settings
    editor.goto(f"{server.url}{create_first_run_link()}")
    editor.get_by_label("Your name").fill("Olive")
    editor.get_by_label("E-mail").fill("olive@example.org")
    editor.get_by_label("New password").fill(PASSWORD)
    editor.get_by_label("Repeat the password").fill(PASSWORD)
    editor.get_by_role("button", name="Create account").click()
    editor.get_by_role("link", name="Settings").click()
    editor.get_by_label("Tagline").fill("Bread and news")
    editor.get_by_role("button", name="Save").first.click()
    expect(editor.get_by_label("Tagline")).to_have_value("Bread and news")

    # a post with a photo
    editor.goto(f"{server.url}/desk/posts/new")
    editor.get_by_label("Headline", exact=True).fill(TITLE)
    editor.get_by_label("Photo from this device").set_input_files(photo())  # type: ignore[arg-type]
    editor.get_by_label("Quoted paragraphs").fill("By four in the afternoon …")
    editor.get_by_role("button", name="Publish").click()
    expect(editor.get_by_role("status").get_by_text("Published.")).to_be_visible()

    # a reader finds it, previews a response, corrects it and posts it
    ann.goto(server.url)
    expect(ann.get_by_text("Bread and news")).to_be_visible()
    ann.get_by_role("link", name=TITLE).first.click()
    heading(ann, TITLE)
    thread_heading(ann, "0 Response")
    ann.get_by_label("Your response").fill("Bought *one*.")
    ann.get_by_label("Name").fill("Ann")
    ann.get_by_role("button", name="Preview").click()
    heading(ann, "Check your response")  # nothing is rendered without the token that this page brings
    ann.get_by_role("button", name="Preview").click()
    expect(ann.locator(".preview em")).to_have_text("one")
    ann.get_by_label("Your response").fill("Bought one this morning.")
    ann.get_by_role("button", name="Post comment").click()
    thread_heading(ann, "1 Response")
    expect(ann.locator("#responses .body")).to_have_text("Bought one this morning.")

    # a plain form has no token before the page that asks to confirm it
    bo = reader(java_script_enabled=False)
    bo.goto(ann.url)
    bo.get_by_role("link", name="Reply", exact=True).click()
    bo.get_by_label("Your response").fill("Was it warm?")
    bo.get_by_label("Name").fill("Bo")
    bo.get_by_role("button", name="Post comment").click()
    thread_heading(bo, "2 Responses")
    expect(bo.locator(".replies .body", has_text="Was it warm?")).to_be_visible()
    bo.locator("a.agree").first.click()
    bo.get_by_role("button", name="Agree").click()
    expect(bo.locator(".agreed").first).to_have_text("1")
    bo.get_by_role("link", name="Newest first").click()
    bo.get_by_role("link", name="Report").first.click()
    bo.get_by_label("What is wrong").fill("Too hungry.")
    bo.get_by_role("button", name="Send report").click()
    heading(bo, "Thank you")

    # the writer edits and deletes
    ann.reload()
    ann.get_by_role("link", name="Edit or delete your responses").click()
    ann.get_by_role("link", name="Edit", exact=True).click()
    ann.get_by_label("Edit your response").fill("Bought two this morning.")
    ann.get_by_role("button", name="Save changes").click()
    expect(ann.get_by_text("Bought two this morning.").first).to_be_visible()

    # the editor moderates
    editor.goto(f"{server.url}/desk/comments")
    reported = editor.get_by_role("article").filter(has=editor.locator(".body", has_text="Bought two"))
    reported.get_by_role("button", name="Spam").first.click()
    expect(editor.get_by_role("button", name="Undo")).to_be_visible()
    ann.goto(server.url)
    ann.get_by_role("link", name=TITLE).first.click()
    expect(ann.get_by_text("Bought two")).to_have_count(0)
    editor.get_by_role("button", name="Undo").first.click()
    ann.reload()
    thread_heading(ann, "2 Responses")
    editor.get_by_role("button", name="Sign out").click()
    heading(editor, "Sign in")


MAX_TABS = 120


def tab_to(page: Page, target: Locator) -> Locator:
    """Press Tab until the element has the focus, and check that it is in view and outlined."""
    expect(target).to_be_attached()
    for _ in range(MAX_TABS):
        if target.evaluate("element => element === document.activeElement"):
            expect(target).to_be_in_viewport()
            assert target.evaluate("element => element.matches(':focus-visible')")
            return target
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


def type_into(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def follow(page: Page, role: Literal["link", "button"], name: str) -> None:
    """Reach a link or button by Tab, and press Enter."""
    tab_to(page, page.get_by_role(role, name=name, exact=True).first)
    page.keyboard.press("Enter")


def test_whole_walk_by_keyboard_alone(serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask) -> None:
    server = serve(RATELIMIT_ENABLED="0")
    editor, ann = reader(), reader()

    # the first account, a setting, a post
    editor.goto(f"{server.url}{create_first_run_link()}")
    for label, text in {
        "Your name, as readers see it": "Olive",
        "E-mail": "olive@example.org",
        "New password": PASSWORD,
        "Repeat the password": PASSWORD,
    }.items():
        type_into(editor, label, text)
    editor.keyboard.press("Enter")
    follow(editor, "link", "Settings")
    type_into(editor, "Tagline", "Bread and news")
    follow(editor, "button", "Save settings")
    expect(editor.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    editor.goto(f"{server.url}/desk/")
    follow(editor, "link", "Write a post")
    type_into(editor, "Headline", TITLE)
    type_into(editor, "Quoted paragraphs", "By four in the afternoon")
    follow(editor, "button", "Publish")
    expect(editor.get_by_role("status").get_by_text("Published.")).to_be_visible()

    # a reader: home, post, skip link, a response, a reply that is left, one that is posted
    ann.goto(server.url)
    follow(ann, "link", TITLE)
    heading(ann, TITLE)
    follow(ann, "link", "To the comment form")
    type_into(ann, "Your response", "Bought one this morning.")
    type_into(ann, "Name", "Ann")
    ann.keyboard.press("ControlOrMeta+Enter")
    thread_heading(ann, "1 Response")
    first = ann.locator("#responses article").first
    ann.keyboard.press("Tab")
    ann.locator("body").evaluate("() => document.activeElement.blur()")
    ann.keyboard.press("j")
    expect(first).to_be_focused()
    follow(ann, "link", "Reply")
    expect(ann.get_by_label("Your response")).to_be_focused()
    ann.keyboard.press("Escape")
    expect(ann.get_by_role("link", name="Reply", exact=True)).to_be_focused()
    ann.keyboard.press("Enter")
    expect(ann.get_by_label("Your response")).to_be_focused()
    ann.keyboard.type("It was warm.")
    follow(ann, "button", "Post comment")
    thread_heading(ann, "2 Responses")
    expect(ann.locator(".replies .body")).to_have_text("It was warm.")

    # the editor decides, undoes and signs out
    follow(editor, "link", "Responses")
    heading(editor, "Responses")
    following(editor)
    editor.keyboard.press("j")
    expect(editor.locator("article:focus")).to_be_visible()
    editor.keyboard.press("s")
    thread_heading(ann, "1 Response")
    editor.keyboard.press("u")
    thread_heading(ann, "2 Responses")
    follow(editor, "button", "Sign out")
    heading(editor, "Sign in")
