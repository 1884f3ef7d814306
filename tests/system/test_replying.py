from __future__ import annotations

import re
import signal
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from blog.comments.models import Comment
from blog.db import db
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import following, sees, stay, stayed, write

TITLE = "Herons return"


def test_reader_responds_and_replies_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader(java_script_enabled=False)
    page.goto(server.url + post.path)
    write(page, "Seen **one** today.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your response")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Preview").locator("strong")).to_have_text("one")
    page.get_by_role("button", name="Post comment").click()
    expect(page).to_have_url(re.compile(r"#comment-1$"))
    sees(page, "Seen one today.", f'1 Response to "{TITLE}"')
    page.get_by_role("link", name="Reply").click()
    write(page, "Me too.", "Bob")
    expect(page.locator("#comment-1-replies .body")).to_have_text("Me too.")
    sees(page, "Me too.", f'2 Responses to "{TITLE}"')


def test_refusal_keeps_the_text_without_javascript(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader(java_script_enabled=False)
    page.goto(server.url + post.path)
    page.get_by_label("E-mail").fill("nowhere")
    write(page, "My text")
    expect(page.locator("#email-error")).to_contain_text("not complete")
    expect(page.get_by_label("Your response")).to_have_value("My text")
    page.get_by_label("E-mail").fill("")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "My text", f'1 Response to "{TITLE}"')


def test_author_is_moved_to_the_new_response(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    stay(page)
    write(page, "First.")
    expect(page.locator("#comment-1")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="has been posted")).to_have_count(1)
    expect(page.get_by_label("Your response")).to_have_value("")
    expect(page.get_by_label("Name")).to_have_value("Ann")
    write(page, "Second.")
    sees(page, "Second.", f'2 Responses to "{TITLE}"')
    expect(page.locator("#comment-2")).to_be_focused()
    assert stayed(page)


def test_refusal_shows_at_the_focused_field(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label("Website").fill("not one")
    write(page, "My text")
    expect(page.locator("#website-error")).to_be_visible()
    expect(page.get_by_label("Website")).to_be_focused()
    expect(page.get_by_label("Your response")).to_have_value("My text")
    page.get_by_label("Website").fill("")
    write(page, "")
    expect(page.get_by_label("Your response")).to_be_focused()
    expect(page.locator("#body-error")).to_contain_text("empty")
    write(page, "Now with text")
    sees(page, "Now with text", f'1 Response to "{TITLE}"')


def test_reply_appears_under_its_parent_and_can_be_cancelled(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    a_comment(post, "The second.")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    link = page.locator(f"#comment-{first.id} a.reply")
    link.click()
    expect(page.locator(f"#thread-{first.id} #comment-form")).to_be_visible()
    page.keyboard.type("Typed before")
    page.get_by_role("link", name="Cancel reply").click()
    expect(link).to_be_focused()
    expect(page.locator("#comment-form-place #comment-form")).to_be_visible()
    expect(page.get_by_label("Your response")).to_have_value("Typed before")
    link.click()
    page.get_by_label("Your response").fill("")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#body-error")).to_be_visible()
    expect(page.locator(f"#thread-{first.id} #comment-form .replying")).to_contain_text("In reply to Ann")
    write(page, "A reply.", "Bob")
    expect(page.locator(f"#comment-{first.id}-replies .body")).to_have_text("A reply.")
    expect(page.locator("#comment-form-place #comment-form")).to_be_visible()
    expect(page.locator("#comment-form .replying")).to_be_hidden()


def test_response_is_posted_by_keyboard(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    a_comment(post, "The first.")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if name in page.evaluate("document.activeElement.id || document.activeElement.innerText"):
                return
        raise AssertionError(f"Tab never came to {name}")

    tab_to("Reply")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your response")).to_be_focused()
    page.keyboard.type("By keyboard.")
    tab_to("Post comment")
    page.keyboard.press("Enter")
    expect(page.locator("#comment-1-replies .body")).to_have_text("By keyboard.")
    expect(page.locator("#comment-2")).to_be_focused()


def test_double_click_posts_once(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label("Your response").fill("Once.")
    page.get_by_role("button", name="Post comment").dblclick()
    sees(page, "Once.", f'1 Response to "{TITLE}"')
    page.reload()
    sees(page, "Once.", f'1 Response to "{TITLE}"')


def test_early_submit_waits_for_the_token(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    tokens: list[Route] = []
    page.route("**/comments/token", lambda route: tokens.append(route) if len(tokens) < 2 else route.continue_())
    page.goto(server.url + post.path)
    page.get_by_label("Your response").fill("Quick.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("button", name="Posting")).to_be_disabled()
    tokens[0].continue_()
    sees(page, "Quick.", f'1 Response to "{TITLE}"')
    page.reload()
    page.get_by_label("Your response").fill("Its first token was lost.")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("button", name="Posting")).to_be_disabled()
    tokens[1].abort()
    sees(page, "Its first token was lost.", f'2 Responses to "{TITLE}"')


def test_retry_after_a_lost_answer_posts_once(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label("Your response").fill("Sent twice.")
    expect(page.locator("[name=csrf_token]")).to_have_count(1)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/comments", lose, times=1)
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#comment-error")).to_contain_text("could not be reached")
    expect(page.get_by_label("Your response")).to_have_value("Sent twice.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Sent twice.", f'1 Response to "{TITLE}"')
    db.session.rollback()
    assert db.session.query(Comment).count() == 1


def test_text_that_was_amended_after_a_lost_answer_is_posted(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post, page = a_post(TITLE), reader()
    page.goto(serve(ratelimit_enabled="0").url + post.path)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/comments", lose, times=1)
    write(page, "Seen one.")
    expect(page.locator("#comment-error")).to_contain_text("could not be reached")
    write(page, "Seen one, and its nest.")
    sees(page, "Seen one, and its nest.", f'2 Responses to "{TITLE}"')


def test_another_text_after_back_is_posted_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post, page = a_post(TITLE), reader(java_script_enabled=False)
    page.goto(serve(ratelimit_enabled="0").url + post.path)
    write(page, "Seen one.")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Seen one.", f'1 Response to "{TITLE}"')
    page.go_back()
    write(page, "Seen another.")
    sees(page, "Seen another.", f'2 Responses to "{TITLE}"')


def test_unreachable_server_keeps_the_text(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    page.get_by_label("Your response").fill("Kept through the outage.")
    expect(page.locator("[name=csrf_token]")).to_have_count(1)
    server.stop()
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("#comment-error")).to_contain_text("could not be reached")
    server.start()
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Kept through the outage.", f'1 Response to "{TITLE}"')


def test_acknowledged_comment_survives_a_kill(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    write(page, "Acknowledged.")
    sees(page, "Acknowledged.", f'1 Response to "{TITLE}"')
    server.kill()
    server.start()
    page.reload()
    sees(page, "Acknowledged.", f'1 Response to "{TITLE}"')


def test_keys_post_and_leave_a_reply(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    first = a_comment(post, "The first.")
    server, page = serve(), reader()
    page.goto(server.url + post.path)
    following(page)
    page.locator(f"#comment-{first.id} a.reply").click()
    page.keyboard.type("By keys.")
    page.keyboard.press("Escape")
    expect(page.locator(f"#comment-{first.id} a.reply")).to_be_focused()
    expect(page.locator("#comment-form-place textarea")).to_have_value("By keys.")
    page.get_by_label("Your response").press("Enter")
    expect(page.get_by_label("Your response")).to_have_value("By keys.\n")
    page.get_by_label("Your response").press("Control+Enter")
    sees(page, "By keys.", f'2 Responses to "{TITLE}"')
    expect(page.locator("#responses > .response")).to_have_count(2)


def test_tampered_cdn_file_does_not_run(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    complaints = page.context.unroute_all() or []
    script = "window.tampered = true"
    page.context.route(
        "https://cdn.jsdelivr.net/**",
        lambda route: route.fulfill(body=script, headers={"Access-Control-Allow-Origin": "*"}),
    )
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(server.url + post.path)
    assert page.evaluate("window.tampered") is None
    assert complaints == []


def test_setting_serves_htmx_locally(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve(HTMX_FROM="static")
    page = reader()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url + post.path)
    following(page)
    write(page, "All from here.")
    sees(page, "All from here.", f'1 Response to "{TITLE}"')
    assert all(url.startswith(server.url) for url in asked)


def test_reading_sets_no_cookie_and_writing_sets_two(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    a_comment(post)
    server = serve()
    page = reader()
    for path in ("/", post.path, "/nothing-here", f"/posts/{post.id}/comments/1"):
        page.goto(server.url + path)
    following(page)
    context: BrowserContext = page.context
    assert context.cookies() == []
    page.get_by_label("Your response").focus()
    expect(page.locator("[name=csrf_token]")).to_have_count(1)
    cookies = context.cookies()
    assert {cookie["name"] for cookie in cookies} == {"talkback", "talkback_reader"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)


def test_server_with_open_streams_stops_within_five_seconds(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    for processes, number in (("1", signal.SIGTERM), ("1", signal.SIGINT), ("2", signal.SIGTERM), ("2", signal.SIGINT)):
        server = serve(WEB_CONCURRENCY=processes)
        page = reader()
        page.goto(server.url + post.path)
        following(page)
        assert server.stop(number, within=5) == 0
