"""Actions of readers on a page, and checks of what they see."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.db import db
from blog.stored_messages import message


def write(page: Page, text: str, name: str = "Ann") -> None:
    page.get_by_label("Your response").fill(text)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Post comment").click()


def sees(page: Page, text: str, heading: str) -> None:
    """Check that the response is shown once, and the heading."""
    expect(page.locator("#responses .body", has_text=text)).to_have_count(1)
    expect(page.locator("#response-count")).to_have_text(heading)


def stay(page: Page) -> None:
    """Mark the page, so that a navigation is noticed."""
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def following(page: Page) -> None:
    """Wait until the live stream is open."""
    expect(page.locator("#live")).to_have_attribute("data-following", "")


def hide(page: Page) -> None:
    page.evaluate("show(false)")


def show(page: Page) -> None:
    page.evaluate("show(true)")


# A headless browser believes every page to be in sight; this lets a test put one away.
SIGHT = """
let seen = true;
Object.defineProperty(document, "hidden", {get: () => !seen});
Object.defineProperty(document, "visibilityState", {get: () => (seen ? "visible" : "hidden")});
window.show = (now) => { seen = now; document.dispatchEvent(new Event("visibilitychange")); };
"""


def change(comment: Comment, verb: str, reason: str = "") -> None:
    """Do as an editor would, in another process."""
    with changing_threads():
        getattr(db.session.get_one(Comment, comment.id), verb)(*([message("note", text=reason)] if reason else []))


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/desk/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    # the desk has come, and with it what shows an editor's links on the public pages
    expect(page.locator("body[data-at-desk]")).to_be_attached()
    page.wait_for_load_state("load")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
