from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from blog.editors.accounts import add_editor, create_first_run_link
from blog.editors.models import OWNER
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import following, sign_in, stay, stayed, write

PASSWORD = "a sentence to remember"
PHONE = {"width": 390, "height": 844}
TITLE = "The baker who starts the day before"


def photo() -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(file, "JPEG")
    return {"name": "loaf.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


@pytest.fixture
def ed(blog: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


def make_account(page: Page, url: str) -> None:
    page.goto(f"{url}{create_first_run_link()}")
    page.get_by_label("Your name").fill("Olive")
    page.get_by_label("E-mail").fill("olive@example.org")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def seen(image: Locator) -> None:
    """Check that the picture has loaded and is visible."""
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", value=True)
    assert image.evaluate("image => image.naturalWidth") > 0


@pytest.mark.parametrize("js", [True, False], ids=["htmx", "without JavaScript"])
@pytest.mark.parametrize("window", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_owner_publishes_a_first_post_and_gets_a_response(
    serve: Callable[..., Server], reader: Callable[..., Page], js: bool, window: dict[str, int]
) -> None:
    server = serve()
    editor = reader(java_script_enabled=js, viewport=window)
    make_account(editor, server.url)
    editor.get_by_role("link", name="Write a post").click()
    expect(editor.get_by_label("Author")).to_have_value("Olive")
    editor.get_by_label("Photo from this device").set_input_files(photo())  # type: ignore[arg-type]
    editor.get_by_label("Description of the photo").fill("A loaf")
    editor.get_by_label("Headline", exact=True).fill(TITLE)
    editor.get_by_label("Quoted paragraphs").fill("By four in the afternoon …")
    editor.get_by_label("Labels").fill("Bread, Work")

    with editor.context.expect_page() as opened:
        editor.get_by_role("button", name="Preview").click()
    preview = opened.value
    expect(preview.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(preview.get_by_text("Only you see this")).to_be_visible()
    seen(preview.get_by_alt_text("A loaf")) if js else expect(preview.get_by_alt_text("A loaf")).to_be_visible()
    preview.close()

    home, ann = reader(), reader()
    home.goto(server.url)
    expect(home.get_by_text(TITLE)).to_have_count(0)
    editor.get_by_role("button", name="Publish").click()
    expect(editor.get_by_role("status").get_by_text("Published.")).to_be_visible()

    home.goto(server.url)
    following(home)
    stay(home)
    expect(home.get_by_role("heading", name=TITLE)).to_be_visible()
    ann.goto(server.url)
    ann.get_by_role("link", name=TITLE).click()
    seen(ann.get_by_alt_text("A loaf"))
    write(ann, "Bought one this morning.")
    expect(home.locator(".entry", has_text=TITLE).locator(".count")).to_have_text("1 Response")
    assert stayed(home)
    editor.get_by_role("link", name="Posts").click()
    expect(editor.get_by_role("row", name=TITLE).get_by_role("link", name="1", exact=True)).to_be_visible()


def test_desk_pages_fit_a_phone(serve: Callable[..., Server], reader: Callable[..., Page], ed: None) -> None:
    post = a_post(f"{TITLE} and{'so' * 40}on", labels=("Bread" * 30,), photo_url="/static/img/demo/loaf.svg", body="x")
    a_comment(post)
    server = serve()
    page = reader(viewport=PHONE)
    page.goto(f"{server.url}/desk/sign-in")
    expect(page.locator("h1")).to_be_visible()
    assert fits(page)
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    for path in (
        "",
        "posts",
        "pages",
        "posts/new",
        f"posts/{post.id}/edit",
        "labels",
        "labels/1",
        "comments",
        "settings",
    ):
        page.goto(f"{server.url}/desk/{path}")
        expect(page.locator("h1")).to_be_visible()
        assert fits(page), path


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_post_states_change_in_place_and_keep_the_focus(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    post = a_post(TITLE)
    server = serve()
    page, ann = reader(), reader()
    ann.goto(server.url + (post.path or ""))
    following(ann)
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.goto(f"{server.url}/desk/posts")
    stay(page)
    page.get_by_role("button", name="Unpublish").click()
    row = page.get_by_role("row", name=TITLE)
    expect(row.get_by_text("Unpublished", exact=True)).to_be_visible()
    expect(page.locator("#announcement")).to_have_text(f"{TITLE}: Unpublished")
    expect(row.get_by_role("button", name="Publish")).to_be_focused()
    # whoever had it open hears no more of it, and finds it gone
    expect(ann.locator("#live")).not_to_have_attribute("data-following", "")
    ann.reload()
    expect(ann.get_by_role("heading", level=1)).to_have_text("No longer here")
    page.keyboard.press("Enter")
    expect(row.get_by_text("Published", exact=True)).to_be_visible()
    row.get_by_role("button", name="Trash").click()
    row.get_by_role("button", name="Restore").click()
    expect(row.get_by_role("button", name="Unpublish")).to_be_visible()
    assert stayed(page)
    ann.reload()
    expect(ann.get_by_role("heading", level=1)).to_have_text(TITLE)


def test_post_states_change_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    a_post(TITLE)
    server = serve()
    page = reader(java_script_enabled=False)
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Posts", exact=True).click()
    page.get_by_role("link", name="Published", exact=True).click()
    page.get_by_role("button", name="Unpublish").click()
    expect(page).to_have_url(re.compile(r"/desk/posts\?state=published$"))
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.get_by_role("link", name="Unpublished").click()
    page.get_by_role("button", name="Trash").click()
    page.get_by_role("link", name="Trash").click()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("link", name="Unpublished").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="All").click()
    expect(page.get_by_role("row", name=TITLE).get_by_role("button", name="Unpublish")).to_be_visible()


def test_post_list_filters_while_typing(serve: Callable[..., Server], reader: Callable[..., Page], ed: None) -> None:
    for title in (TITLE, "Herons return"):
        a_post(title)
    server = serve()
    page = reader()
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.goto(f"{server.url}/desk/posts")
    stay(page)
    words = page.get_by_label("Search headlines")
    words.press_sequentially("heron")
    expect(page.get_by_role("row", name=TITLE)).to_have_count(0)
    expect(page.get_by_role("row", name="Herons return")).to_be_visible()
    expect(words).to_be_focused()
    expect(page).to_have_url(re.compile("q=heron"))
    assert stayed(page)
    page.reload()
    expect(page.get_by_role("row", name="Herons return")).to_be_visible()


def test_refusal_focuses_the_first_invalid_field(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    server = serve()
    page = reader()
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Write a post").click()
    page.get_by_label("Headline", exact=True).fill(TITLE)
    page.get_by_label("Editor’s note").fill("Kept, whatever happens.")
    page.get_by_label("Address of the source").fill("no address")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_label("Address of the source")).to_be_focused()
    expect(page.get_by_label("Address of the source")).to_have_accessible_description(re.compile("starts with https"))
    expect(page.get_by_label("Editor’s note")).to_have_value("Kept, whatever happens.")
    page.get_by_label("Address of the source").fill("example.org/loaves")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Address of the source")).to_have_value("https://example.org/loaves")


def test_large_photo_is_refused_before_upload(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    server = serve()
    page = reader()
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Write a post").click()
    page.wait_for_load_state()
    field = page.get_by_label("Photo from this device")
    field.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x" * (20 * 2**20 + 1)})
    expect(page.get_by_role("alert").get_by_text("larger than 20 MB")).to_be_visible()
    expect(field).to_have_value("")
    field.set_input_files(photo())  # type: ignore[arg-type]
    expect(page.get_by_text("larger than 20 MB")).to_have_count(0)


def test_labels_are_suggested_after_each_comma(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    a_post(TITLE, labels=("Bread", "Work"))
    server = serve()
    page = reader()
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Write a post").click()
    page.wait_for_load_state()
    page.get_by_label("Labels").fill("Bread,")
    assert page.locator("#standing-labels option").evaluate_all("all => all.map(one => one.value)") == ["Bread, Work"]


def test_page_form_has_no_date_and_no_source(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None
) -> None:
    server = serve()
    page = reader(java_script_enabled=False)
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Pages").click()
    page.get_by_role("link", name="Write a page").click()
    for label in ("Date", "Source", "Quoted paragraphs"):
        expect(page.get_by_label(label, exact=True)).to_be_hidden()
    page.get_by_label("Headline", exact=True).fill("About us")
    page.get_by_label("Text as HTML").fill("Who we are.\n\nAnd why.")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(f"{server.url}/p/about-us.html")
    expect(page.locator(".imported p")).to_have_count(2)


def test_post_is_published_by_keyboard(serve: Callable[..., Server], reader: Callable[..., Page], ed: None) -> None:
    server = serve()
    page = reader()
    page.goto(f"{server.url}/desk/sign-in")
    keyed(page, page.get_by_label("E-mail")).type("ed@example.org")
    keyed(page, page.get_by_label("Password")).type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    keyed(page, page.get_by_role("link", name="Write a post")).press("Enter")
    expect(page.get_by_label("Author")).to_have_value("Ed")
    keyed(page, page.get_by_label("Headline", exact=True)).type(TITLE)
    keyed(page, page.get_by_label("Editor’s note")).type("Tell us below.")
    keyed(page, page.get_by_role("button", name="Publish")).press("Enter")
    expect(page.get_by_text("Published.")).to_be_visible()
    keyed(page, page.get_by_role("link", name="View", exact=True)).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def keyed(page: Page, place: Locator) -> Any:
    """Go to the element by the Tab key, and check that it is in view."""
    for _ in range(60):
        if place.evaluate("element => element === document.activeElement"):
            assert place.evaluate(
                "element => { const box = element.getBoundingClientRect();"
                " return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"
            )
            return page.keyboard
        page.keyboard.press("Tab")
    raise AssertionError("the tab key does not lead there")
