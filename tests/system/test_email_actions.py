"""Test the pages behind the links in an editor's mail, by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.posts.models import Post
from tests.comments.moderation.letters import add_owner, create_held, hold_everything, links
from tests.live_server import Server
from tests.mail.post_office import PostOffice, post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


def mailed(office: PostOffice, number: int) -> dict[str, str]:
    """Return the links of the mail with this number."""
    body = office.wait_for(number)[-1].message.get_body(("plain",))
    assert body is not None
    return links(body.get_content())


def press(page: Page, name: str) -> None:
    """Go to the button by keyboard and press Enter."""
    button = page.get_by_role("button", name=name, exact=True)
    while not button.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_mail_link_approves_and_undoes_by_keyboard(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask, office: PostOffice, scripts: bool
) -> None:
    add_owner()
    post: Post = hold_everything()
    create_held(post, "Seen one today.")
    server = serve(**office.environment)
    phone = reader(viewport={"width": 390, "height": 800}, java_script_enabled=scripts)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(server.url + mailed(office, 1)["Approve"])
    expect(phone.get_by_role("heading", name="Approve this response?")).to_be_visible()
    press(phone, "Approve")
    expect(phone.get_by_role("heading", name="Approved")).to_be_visible()
    bob = reader()
    bob.goto(server.url + (post.path or ""))
    expect(bob.locator("#responses .body")).to_have_text(["Seen one today."])
    press(phone, "Undo")
    expect(phone.get_by_role("heading", name="Undone")).to_be_visible()
    bob.reload()
    expect(bob.locator("#responses .body")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in asked if not url.startswith(server.url)] == []
    phone.goto(f"{server.url}/desk/comments")
    expect(phone.get_by_role("button", name="Sign in")).to_be_visible()


def test_mail_link_bans_by_keyboard(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask, office: PostOffice
) -> None:
    add_owner()
    comment = create_held(hold_everything(), "Look at https://spam.example/x")
    server = serve(**office.environment)
    page = reader()
    page.goto(server.url + mailed(office, 1)["Ban"])
    press(page, "Ban and mark as spam")
    expect(page.locator(".error")).to_contain_text("Choose at least one.")
    box = page.get_by_label("Domain spam.example")
    box.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Banned")).to_be_visible()
    page.goto(server.url + f"/desk/comments/{comment.id}")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
