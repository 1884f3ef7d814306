"""Test drafts, quotes, unread marks and collapsing in browsers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from blog.db import now
from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.live_server import Server, free_port
from tests.system.conftest import CHROMIUM, from_cdn
from tests.system.visits import change, following, sees, stay, stayed, write

TITLE = "Herons return"
FIELD = "Your response"
FORGETFUL = """
Object.defineProperty(window, "localStorage", {get() { throw new DOMException("no", "SecurityError"); }});
Object.defineProperty(window, "sessionStorage", {get() { throw new DOMException("no", "SecurityError"); }});
Object.defineProperty(window, "indexedDB", {get() { throw new DOMException("no", "SecurityError"); }});
"""


def mark(page: Page, selector: str, first: int, last: int) -> None:
    """Select characters of an element's first text node."""
    page.locator(selector).evaluate(
        "({firstChild: text}, [first, last]) => getSelection().setBaseAndExtent(text, first, text, last)",
        [first, last],
    )


def keeps_nothing(page: Page) -> bool:
    """Wait until this browser has deleted all drafts, which it does asynchronously."""
    look = """() => new Promise((resolve) => {
      const again = (drafts, left) => {
        drafts.transaction("drafts").objectStore("drafts").count().onsuccess = ({ target }) =>
          target.result && left ? requestAnimationFrame(() => again(drafts, left - 1)) : resolve(!target.result);
      };
      indexedDB.open("talkback").onsuccess = ({ target }) => again(target.result, 600);
    })"""
    return bool(page.evaluate(look))


# Preview


def test_preview_shows_the_text_and_goes_on_change(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    stay(page)
    page.get_by_label(FIELD).fill("Seen **one**.")
    page.get_by_role("button", name="Preview").click()
    shown = page.get_by_label("Preview")
    expect(shown.locator(".body strong")).to_have_text("one")
    expect(page.get_by_label(FIELD)).to_have_value("Seen **one**.")
    page.get_by_label(FIELD).press("End")
    page.keyboard.type(" Big.")
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Preview").click()
    expect(shown.locator(".body")).to_have_text("Seen one. Big.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Seen one. Big.", f'1 Response to "{TITLE}"')
    expect(shown).to_have_count(0)
    assert stayed(page)


def test_empty_preview_and_preview_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Preview")).to_contain_text("empty")
    plain = reader(java_script_enabled=False)
    plain.goto(server.url + post.path)
    plain.get_by_label(FIELD).fill("Seen **one**.")
    plain.get_by_role("button", name="Preview").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Check your response")
    expect(plain.get_by_label(FIELD)).to_have_value("Seen **one**.")
    plain.get_by_role("button", name="Post comment").click()
    sees(plain, "Seen one.", f'1 Response to "{TITLE}"')


# Nothing typed is lost


def test_draft_is_restored_and_deleted_after_posting(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label("Name").fill("Bob")
    page.get_by_label(FIELD).press_sequentially("Half a thou")
    page.close()
    page = page.context.new_page()
    page.goto(server.url + post.path)
    expect(page.get_by_label(FIELD)).to_have_value("Half a thou")
    expect(page.get_by_label("Name")).to_have_value("Bob")
    expect(page.locator(".kept-back")).to_contain_text("Your unsent text from")
    write(page, "A whole thought.", "Bob")
    sees(page, "A whole thought.", f'1 Response to "{TITLE}"')
    page.reload()
    following(page)
    expect(page.get_by_label(FIELD)).to_have_value("")
    expect(page.locator(".kept-back")).to_be_hidden()
    assert keeps_nothing(page)


def test_draft_survives_a_browser_whose_store_opens_too_late(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    """Leave the page while IndexedDB is still being opened."""
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.add_init_script("IDBFactory.prototype.open = () => ({})")
    with page.expect_request_finished(lambda request: "draft_store.js" in request.url):
        page.goto(server.url + post.path)
        page.get_by_label(FIELD).fill("Half a thought")
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(server.url + post.path)
    expect(page.get_by_label(FIELD)).to_have_value("Half a thought")
    page.reload()
    expect(page.get_by_label(FIELD)).to_have_value("Half a thought")


def test_discarded_draft_is_not_restored(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label(FIELD).fill("Not this.")
    page.reload()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label(FIELD)).to_have_value("")
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.reload()
    following(page)
    expect(page.get_by_label(FIELD)).to_have_value("")


def test_reply_draft_is_restored_under_its_parent(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.", name="Carla")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.locator(f"#comment-{first.id} a.reply").click()
    page.keyboard.type("To you.")
    page.reload()
    expect(page.locator(f"#thread-{first.id} textarea")).to_have_value("To you.")
    expect(page.locator(".replying")).to_contain_text("In reply to Carla")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(f"#comment-{first.id}-replies .body")).to_have_text("To you.")


def test_reply_draft_of_a_removed_parent_is_restored_as_response(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.locator(f"#comment-{first.id} a.reply").click()
    page.keyboard.type("To you.")
    page.goto("about:blank")
    change(first, "remove", "asked for")
    page.goto(server.url + post.path)
    expect(page.locator("#comment-form-place textarea")).to_have_value("To you.")
    expect(page.locator("#comment-error")).to_contain_text("no longer here")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "To you.", f'1 Response to "{TITLE}"')


def test_two_tabs_keep_both_drafts(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    one = reader()
    two = one.context.new_page()
    for page, text in ((one, "The older one."), (two, "The newer one.")):
        page.goto(server.url + post.path)
        page.get_by_label(FIELD).fill(text)
    expect(two.get_by_label(FIELD)).to_have_value("The newer one.")
    one.close()
    expect(two.locator(".kept-other")).to_contain_text("another unsent text")
    expect(two.get_by_label(FIELD)).to_have_value("The newer one.")
    two.close()
    page = one.context.new_page()
    page.goto(server.url + post.path)
    expect(page.get_by_label(FIELD)).to_have_value("The newer one.")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_label(FIELD)).to_have_value("The older one.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "The older one.", f'1 Response to "{TITLE}"')
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_label(FIELD)).to_have_value("The newer one.")


def test_draft_belongs_to_its_post(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    here, there = a_post(TITLE), a_post("Another")
    server = serve()
    page = reader()
    page.goto(server.url + here.path)
    page.get_by_label(FIELD).fill("About herons.")
    page.goto(server.url + there.path)
    following(page)
    expect(page.get_by_label(FIELD)).to_have_value("")
    page.goto(server.url + here.path)
    expect(page.get_by_label(FIELD)).to_have_value("About herons.")


def test_old_draft_is_deleted(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.clock.install(time="2026-09-01T12:00:00")
    page.goto(server.url + post.path)
    page.get_by_label(FIELD).fill("Long ago.")
    page.goto("about:blank")
    page.clock.set_fixed_time("2026-10-05T12:00:00")
    page.goto(server.url + post.path)
    following(page)
    expect(page.get_by_label(FIELD)).to_have_value("")
    assert keeps_nothing(page)


def test_draft_survives_a_lost_connection(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label(FIELD).press_sequentially("Written in a ")
    page.context.set_offline(True)
    page.get_by_label(FIELD).press_sequentially("tunnel.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#comment-error")).to_contain_text("could not be reached")
    expect(page.get_by_label(FIELD)).to_have_value("Written in a tunnel.")
    page.close()
    page = page.context.new_page()
    page.context.set_offline(False)
    page.goto(server.url + post.path)
    expect(page.get_by_label(FIELD)).to_have_value("Written in a tunnel.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Written in a tunnel.", f'1 Response to "{TITLE}"')


@pytest.mark.parametrize("status", [429, 500, 503])
def test_refused_text_stays_a_draft_until_posted(
    serve: Callable[..., Server], reader: Callable[..., Page], status: int
) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    busy = {"HX-Retarget": "#comment-error", "HX-Reswap": "innerHTML"}
    page.route("**/comments", lambda route: route.fulfill(status=status, body="Not now.", headers=busy), times=1)
    write(page, "Patient.")
    expect(page.locator("#comment-error")).to_have_text("Not now.")
    expect(page.get_by_label(FIELD)).to_have_value("Patient.")
    page.reload()
    expect(page.get_by_label(FIELD)).to_have_value("Patient.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Patient.", f'1 Response to "{TITLE}"')


@contextmanager
def browser_of_its_own(chromium: BrowserType, profile: Path) -> Iterator[tuple[Page, Callable[[], None]]]:
    """Start a browser that can be killed without notice to its pages."""
    port = free_port()
    command = [os.environ.get("CHROMIUM") or shutil.which("chromium") or "", *CHROMIUM, "--headless"]
    command += [f"--remote-debugging-port={port}", f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:

        def kill() -> None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

        try:
            next(line for line in process.stderr or [] if "listening on" in line)
            context = chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
            context.route("https://cdn.jsdelivr.net/**", from_cdn)
            yield context.pages[0], kill
        finally:
            kill()
            for lock in profile.glob("Singleton*"):
                lock.unlink(missing_ok=True)


def test_draft_survives_a_killed_browser(serve: Callable[..., Server], browser: Browser, tmp_path: Path) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.", name="Carla")
    server = serve()
    profile = tmp_path / "profile"
    text = "A long thought, " * 20 + "that ends in the middle of a w"
    with browser_of_its_own(browser.browser_type, profile) as (page, kill):
        page.goto(server.url + post.path)
        page.locator(f"#comment-{first.id} a.reply").click()
        page.keyboard.type(text)
        expect(page.get_by_label(FIELD)).to_have_value(text)
        kill()
    with browser_of_its_own(browser.browser_type, profile) as (page, _):
        page.goto(server.url + post.path)
        expect(page.locator(f"#thread-{first.id} textarea")).to_have_value(text)
        expect(page.locator(".kept-back")).to_be_visible()


def test_writing_works_without_browser_storage(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    a_comment(post, "A reply.", first)
    server = serve()
    page = reader()
    page.add_init_script(FORGETFUL)
    page.goto(server.url + post.path)
    page.locator(f"#comment-{first.id} .fold").click()
    expect(page.locator("#comment-2")).to_be_hidden()
    page.locator(f"#comment-{first.id} .quoting").click()
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("Me too.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#comment-3 .body")).to_contain_text("Me too.")


def test_plain_form_keeps_the_draft_until_posted(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.context.unroute_all()
    page.context.route(re.compile(r"/(htmx|hx-sse)[^/]*\.min\.js$"), lambda route: route.abort())
    page.goto(server.url + post.path)
    write(page, "Without htmx.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your response")
    page.goto(server.url + post.path)
    expect(page.get_by_label(FIELD)).to_have_value("Without htmx.")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Without htmx.", f'1 Response to "{TITLE}"')
    expect(page.get_by_label("Name")).to_have_value("Ann")
    expect(page.get_by_label(FIELD)).to_have_value("")
    expect(page.locator(".new-mark")).to_have_count(0)
    assert keeps_nothing(page)


def test_edit_draft_is_stored(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    write(page, "As it was.")
    page.locator("#comment-1 .own-edit").click()
    change_field = page.get_by_label("Edit your response")
    change_field.fill("As it shall be.")
    page.reload()
    page.locator("#comment-1 .own-edit").click()
    expect(change_field).to_have_value("As it was.")
    page.locator(".own-form").get_by_role("button", name="Show it").click()
    expect(change_field).to_have_value("As it shall be.")
    page.get_by_role("button", name="Save changes").click()
    sees(page, "As it shall be.", f'1 Response to "{TITLE}"')
    page.locator("#comment-1 .own-edit").click()
    expect(change_field).to_have_value("As it shall be.")
    expect(page.locator(".own-form .kept-other")).to_be_hidden()
    assert keeps_nothing(page)


# Who writes


def test_identity_is_stored_until_the_box_is_unticked(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    here, there = a_post(TITLE), a_post("Another")
    server = serve()
    page = reader()
    page.goto(server.url + here.path)
    page.get_by_label("E-mail").fill("ann@example.org")
    page.get_by_label("Website").fill("https://ann.example")
    write(page, "First.")
    sees(page, "First.", f'1 Response to "{TITLE}"')
    page.goto(server.url + there.path)
    expect(page.get_by_label("Name")).to_have_value("Ann")
    expect(page.get_by_label("E-mail")).to_have_value("ann@example.org")
    expect(page.get_by_label("Website")).to_have_value("https://ann.example")
    page.get_by_label("Remember me").uncheck()
    page.reload()
    following(page)
    expect(page.get_by_label("Name")).to_have_value("")
    expect(page.get_by_label("Remember me")).not_to_be_checked()
    write(page, "Second.")
    sees(page, "Second.", '1 Response to "Another"')
    expect(page.get_by_label("Remember me")).not_to_be_checked()
    page.goto(server.url + here.path)
    following(page)
    expect(page.get_by_label("Name")).to_have_value("")
    assert "ann@example.org" not in page.evaluate("JSON.stringify(localStorage)")


def test_refused_identity_is_not_stored(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page, other = reader(), reader()
    page.goto(server.url + post.path)
    write(page, "", "Ann")
    expect(page.locator("#body-error")).to_be_visible()
    page.reload()
    following(page)
    expect(page.get_by_label("Name")).to_have_value("")
    write(page, "First.", "Ann")
    sees(page, "First.", f'1 Response to "{TITLE}"')
    other.goto(server.url + post.path)
    following(other)
    expect(other.get_by_label("Name")).to_have_value("")


# Quoting


def test_quote_of_a_response_links_to_it(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(
        post, "Seen *one* at 5 * 4_ <b>o'clock</b>.\nBig.\n\n> Who?\n\n1986. Grey [x](y).", name="Bob [B]"
    )
    second = a_comment(post, "The second.", name="Carla")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.locator(f"#comment-{first.id} .quoting").click()
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("Me too.\n")
    page.locator(f"#comment-{second.id} .quoting").click()
    page.keyboard.type("And you?")
    page.get_by_role("button", name="Post comment").click()
    answer = page.locator(f"#comment-{first.id}-replies .body")
    expect(answer.locator("> p")).to_have_text(["Me too.", "And you?"])
    quotes = answer.locator("blockquote")
    expect(quotes.first.locator("p")).to_have_text(["Seen one at 5 * 4_ o’clock.\nBig.", "Grey [x](y).", "— Bob [B]"])
    expect(quotes.last.locator("p")).to_have_text(["The second.", "— Carla"])
    quotes.last.locator("a").click()
    expect(page.locator(f"#comment-{second.id}:target")).to_be_in_viewport()


def test_script_quotes_like_the_server(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    body = "\n\n".join(
        [
            r"5 * 4_ a_b_c _x_ `c` \* C:\new",
            "List<String> a < b & c &amp; d &amp;lt; <i>i</i>",
            "https://a.example/b_c*d see [y](https://b.example/e_f)",
            "- one\n- two",
            r"1986\. A year",
            r"\> no quote",
            "word " * 200,
        ]
    )
    comment = a_comment(post, body, name="Bob *B* <b>")
    server = serve()
    page, plain = reader(), reader(java_script_enabled=False)
    for one in (page, plain):
        one.goto(server.url + post.path)
        one.locator(f"#comment-{comment.id} .quoting").click()
    expected = plain.get_by_label(FIELD).input_value()
    assert expected.endswith(f"/posts/{post.id}/comments/{comment.id})\n\n")
    expect(page.get_by_label(FIELD)).to_have_value(expected)


def test_selection_in_the_post_is_quoted_with_a_link(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    text = "Nobody expected them. The water had been dead since 1983, and grey. Then the first nest was seen."
    post = a_post(TITLE, quote=text)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    mark(page, ".quote p", 24, 64)
    page.get_by_role("button", name="Quote this").click()
    expect(page.get_by_role("button", name="Quote this")).to_have_count(0)
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("Hardly grey.")
    page.get_by_role("button", name="Post comment").click()
    quote = page.locator("#comment-1 blockquote")
    expect(quote.locator("p").first).to_have_text("The water had been dead since 1983, and grey")
    expect(quote.locator("a")).to_have_text(TITLE)
    address = quote.locator("a").get_attribute("href") or ""
    assert address == f"{post.path}#:~:text=The%20water%20had%20been%20dead%20since%201983%2C%20and%20grey"
    page.keyboard.press("Control+Home")
    page.set_viewport_size({"width": 800, "height": 300})
    page.goto("about:blank")
    page.goto(server.url + address)
    expect(page.locator(".quote p")).to_be_in_viewport()


def test_selection_in_a_response_is_quoted(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    comment = a_comment(post, "We saw one near the lock, very early.", name="Bob")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    button = page.get_by_role("button", name="Quote this")
    place = f"#comment-{comment.id} .body p"
    mark(page, place, 7, 10)
    expect(button).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(button).to_have_count(0)
    mark(page, place, 7, 20)
    expect(button).to_be_visible()
    page.evaluate("getSelection().removeAllRanges()")
    expect(button).to_have_count(0)
    mark(page, "#response-count", 0, 1)
    mark(page, place, 7, 10)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#thread-{comment.id} textarea")).to_have_value(
        f"> one\n>\n> — [Bob](/posts/{post.id}/comments/{comment.id})\n\n"
    )


def test_closed_thread_offers_no_quote(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE, comments_closed_at=now())
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    expect(page.locator(".quoting:visible")).to_have_count(0)


# What is new


def visit(page: Page, server: Server, post: Post) -> None:
    """Open a post and wait until the browser has stored the visit, which it does when it is idle."""
    page.goto(server.url + (post.path or ""))
    following(page)
    page.wait_for_function(
        """() => {
            const {post, version} = document.getElementById("response-count").dataset;
            return JSON.parse(localStorage.getItem("talkback since") ?? "{}")[post]?.version >= Number(version);
        }"""
    )


def test_new_responses_are_marked_once(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    late = a_comment(post, "Held at first.")
    change(late, "hold", "for a look")
    server = serve()
    page = reader()
    visit(page, server, post)
    expect(page.locator(".new-mark")).to_have_count(0)
    expect(page.locator("#since")).to_be_hidden()
    page.goto("about:blank")
    change(late, "approve")
    reply = a_comment(post, "A reply.", first)
    last = a_comment(post, "The last.")
    visit(page, server, post)
    expect(page.locator("#since")).to_contain_text("3 new since your last visit")
    expect(page.locator("li.new")).to_have_count(3)
    expect(page.locator(f"#comment-{first.id} .new-mark")).to_have_count(0)
    page.get_by_role("link", name="Show the first").click()
    expect(page.locator(f"#comment-{reply.id}:target")).to_be_in_viewport()
    page.locator(f"#comment-{reply.id}").get_by_role("link", name="next").click()
    page.locator(f"#comment-{late.id}").get_by_role("link", name="next").click()
    expect(page.locator(f"#comment-{last.id}:target")).to_be_in_viewport()
    expect(page.locator(f"#comment-{last.id} .new-mark")).to_have_text("New")
    page.reload()
    following(page)
    expect(page.locator(".new-mark")).to_have_count(0)
    assert page.context.cookies() == []


def test_new_responses_on_another_page_are_linked(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    for number in range(52):
        a_comment(post, f"Number {number}.")
    server = serve()
    page = reader()
    visit(page, server, post)
    page.goto("about:blank")
    last = a_comment(post, "The last.")
    visit(page, server, post)
    stay(page)
    expect(page.locator("#since")).to_contain_text("1 new since your last visit")
    expect(page.locator(".new-mark")).to_have_count(0)
    page.locator("#since").get_by_role("link", name="Newest first").click()
    expect(page.locator(f"#comment-{last.id} .new-mark")).to_have_text("New")
    expect(page.locator(".new-mark")).to_have_count(1)
    assert stayed(page)


def test_own_and_live_responses_are_not_new(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    a_comment(post, "The first.")
    server = serve()
    page = reader()
    visit(page, server, post)
    visit(page, server, post)
    write(page, "My own.")
    sees(page, "My own.", f'2 Responses to "{TITLE}"')
    a_comment(post, "Seen live.")
    sees(page, "Seen live.", f'3 Responses to "{TITLE}"')
    expect(page.locator(".new-mark")).to_have_count(0)
    visit(page, server, post)
    expect(page.locator(".new-mark")).to_have_count(0)


def test_home_counts_new_responses_live(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post, other = a_post(TITLE), a_post("Another")
    a_comment(post, "The first.")
    a_comment(other, "Never read.")
    server = serve()
    page = reader()
    visit(page, server, post)
    page.goto("about:blank")
    a_comment(post, "The second.")
    page.goto(server.url)
    following(page)
    entry = page.locator(f"#post-{post.id}")
    expect(entry.locator(".new-count")).to_have_text("1 new")
    expect(page.locator(f"#post-{other.id} .new-count")).to_have_count(0)
    a_comment(post, "The third.")
    expect(entry.locator(".new-count")).to_have_text("2 new")
    entry.locator(".new-count").click()
    expect(page.locator("#since")).to_contain_text("2 new since your last visit")
    page.goto(server.url)
    following(page)
    expect(entry.locator(".new-count")).to_have_count(0)


# Folding


def test_branch_collapses_counts_and_expands_for_links(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    reply = a_comment(post, "A reply.", first)
    deep = a_comment(post, "Deeper.", reply)
    server = serve()
    page = reader()
    visit(page, server, post)
    fold = page.locator(f"#comment-{first.id} .fold")
    expect(fold).to_have_text("Hide 2 responses")
    fold.press("Enter")
    expect(fold).to_have_text("2 responses hidden: show")
    expect(fold).to_be_focused()
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.locator(f"#comment-{deep.id}")).to_be_hidden()
    a_comment(post, "Live.", reply)
    expect(fold).to_have_text("3 responses hidden: show")
    page.reload()
    expect(fold).to_have_text("3 responses hidden: show")
    expect(page.locator(f"#comment-{deep.id}")).to_be_hidden()
    page.goto(f"{server.url}/posts/{post.id}/comments/{deep.id}")
    expect(page.locator(f"#comment-{deep.id}")).to_be_in_viewport()
    expect(fold).to_have_text("Hide 3 responses")
    expect(page.locator(f"#comment-{deep.id} .fold")).to_have_count(0)


def test_form_in_a_collapsed_branch_stays_visible(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    reply = a_comment(post, "A reply.", first)
    server = serve()
    page = reader()
    visit(page, server, post)
    page.locator(f"#comment-{reply.id} a.reply").click()
    page.keyboard.type("To the reply.")
    page.locator(f"#comment-{first.id} .fold").click()
    expect(page.get_by_label(FIELD)).to_be_visible()
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(f"#comment-{reply.id}-replies .body")).to_have_text("To the reply.")
    expect(page.locator(f"#comment-{reply.id}-replies .body")).to_be_visible()
