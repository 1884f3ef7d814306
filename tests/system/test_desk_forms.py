"""Test the long forms of the desk in a browser: folded fields, buttons in reach, a dropped picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from tests.factories import a_post
from tests.live_server import Server
from tests.system.visits import sign_in

PASSWORD = "a sentence to remember"
# 1280 by 1024 at 400 % zoom
ZOOMED = {"width": 320, "height": 256}
MAX_STOPS = 15

DROP = """([field, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "loaf.jpg", { type: "image/jpeg" }));
  field.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
}"""


@pytest.fixture
def desk(blog: Flask, serve: Callable[..., Server], reader: Callable[..., Page]) -> Callable[..., Page]:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    url = serve().url

    def open_page(path: str, **options: object) -> Page:
        page = reader(**options)
        sign_in(page, url, "ed@example.org", PASSWORD)
        page.goto(url + path)
        return page

    return open_page


def picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def test_publish_is_few_stops_after_the_headline(desk: Callable[..., Page]) -> None:
    page = desk("/desk/posts/new")
    page.get_by_label("Headline", exact=True).focus()
    button, stops = page.get_by_role("button", name="Publish"), 0
    while not button.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
        stops += 1
        assert stops < MAX_STOPS
    expect(button).to_be_in_viewport()


def test_rare_fields_are_folded_and_open_with_a_value_or_an_error(desk: Callable[..., Page], blog: Flask) -> None:
    post = a_post("Herons return", standfirst="Seven pairs.", draft=True)
    page = desk("/desk/posts/new")
    for label in ("Standfirst", "Author", "Caption", "Text as HTML"):
        expect(page.get_by_label(label, exact=True)).to_be_hidden()
    page.get_by_text("Date, author, responses and kind").click()
    page.get_by_label("Date", exact=True).fill("2099-01-01T12:00")
    page.get_by_label("Headline", exact=True).fill("Herons")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Date", exact=True)).to_be_focused()
    page.goto(page.url.rsplit("/desk/", 1)[0] + f"/desk/posts/{post.id}/edit")
    expect(page.get_by_label("Standfirst", exact=True)).to_have_value("Seven pairs.")
    expect(page.get_by_label("Standfirst", exact=True)).to_be_visible()
    expect(page.get_by_label("Author")).to_be_hidden()


def test_picture_that_misses_its_field_is_taken(desk: Callable[..., Page]) -> None:
    page = desk("/desk/posts/new")
    page.get_by_label("Quoted paragraphs").evaluate(f"(target, content) => ({DROP})([target, content])", picture())
    field = page.get_by_label("Photo from this device")
    assert field.evaluate("field => field.files[0].name") == "loaf.jpg"
    expect(field).to_be_focused()
    page.get_by_label("Headline", exact=True).fill("A loaf")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".photo-fields img")).to_have_js_property("naturalWidth", 60)


@pytest.mark.parametrize("path", ["/desk/posts/new", "/desk/settings"])
def test_buttons_cover_nothing_in_a_short_window(desk: Callable[..., Page], path: str) -> None:
    page = desk(path, viewport=ZOOMED)
    bar = page.locator("form > .send")
    expect(bar).to_have_css("position", "static")
    expect(bar).not_to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == ZOOMED["width"]
    page.set_viewport_size({"width": 320, "height": 800})
    expect(bar).to_have_css("position", "sticky")
    expect(bar).to_be_in_viewport(ratio=1)


def test_main_button_of_a_page_is_readable(desk: Callable[..., Page]) -> None:
    page = desk("/desk/posts")
    button = page.get_by_role("link", name="Write a post")
    expect(button).to_have_css("color", page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
