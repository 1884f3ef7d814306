"""Test agreements and reports between two browsers."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, Route, expect

from blog.comments.identity import Visitor
from blog.comments.models import Comment
from blog.comments.reactions.agreements import agree
from blog.comments.reactions.reports import report
from blog.db import db, writing
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import a_comment, a_post, why
from tests.live_server import Server
from tests.system.visits import following, stay, stayed, write

TITLE = "Herons return"
CALM = {"RATELIMIT_ENABLED": "0", "TRUSTED_PROXIES": "127.0.0.1"}
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}


def opened(reader: Callable[..., Page], server: Server, post: Post, **options: object) -> Page:
    page = reader(**options)
    page.goto(server.url + (post.path or ""))
    following(page)
    stay(page)
    return page


def agrees(page: Page, number: int, words: str, pressed: bool) -> None:
    link = page.locator(f"#comment-{number} .agree")
    expect(link).to_have_text(re.compile(rf"^\s*{words}\s*$"))
    expect(link).to_have_attribute("aria-pressed", str(pressed).lower())


def left_of(page: Page, selector: str) -> int:
    """Return the top edge in whole pixels."""
    box = page.locator(f"#comment-1 {selector}").bounding_box()
    assert box
    return round(box["x"])


def test_agreement_and_its_withdrawal_show_live(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Seen one today.")
    server = serve(**CALM)
    bob, carla = opened(reader, server, post), opened(reader, server, post, extra_http_headers=ELSEWHERE)
    place = left_of(bob, ".report")
    bob.locator("#comment-1 .agree").click()
    agrees(bob, 1, "Agree 1", pressed=True)
    agrees(carla, 1, "Agree 1", pressed=False)
    assert left_of(bob, ".report") == place
    carla.locator("#comment-1 .agree").click()
    agrees(carla, 1, "Agree 2", pressed=True)
    agrees(bob, 1, "Agree 2", pressed=True)
    bob.locator("#comment-1 .agree").click()
    agrees(bob, 1, "Agree 1", pressed=False)
    agrees(carla, 1, "Agree 1", pressed=True)
    assert stayed(bob)
    assert stayed(carla)
    for page, pressed in ((bob, False), (carla, True)):
        page.reload()
        agrees(page, 1, "Agree 1", pressed)


def test_agreeing_by_keyboard_keeps_the_focus(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Seen one today.")
    server = serve(**CALM)
    bob, daughter = opened(reader, server, post), opened(reader, server, post)
    link = bob.get_by_role("button", name="Agree")
    for key, words, pressed in (("Enter", "Agree 1", True), (" ", "Agree", False), (" ", "Agree 1", True)):
        link.press(key)
        agrees(bob, 1, words, pressed)
        expect(link).to_be_focused()
    agrees(daughter, 1, "Agree 1", pressed=False)
    daughter.get_by_role("button", name="Agree").click()
    expect(daughter.locator(".own-refused")).to_contain_text("Each address counts once")
    agrees(daughter, 1, "Agree 1", pressed=False)


def test_author_cannot_agree_with_the_own_response(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    ann = opened(reader, serve(**CALM), post)
    write(ann, "My first words.")
    agrees(ann, 1, "Agree", pressed=False)
    ann.locator("#comment-1 .agree").click()
    expect(ann.locator(".own-refused")).to_contain_text("cannot agree with your own response")
    agrees(ann, 1, "Agree", pressed=False)


def test_old_token_is_renewed_and_network_errors_show(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Seen one today.")
    bob = opened(reader, serve(**CALM), post)
    bob.locator("#body").focus()
    expect(bob.locator("#comment-token [name=csrf_token]")).to_have_count(1)
    bob.context.clear_cookies()
    bob.locator("#comment-1 .agree").click()
    agrees(bob, 1, "Agree 1", pressed=True)

    def away(route: Route) -> None:
        route.abort()

    bob.route("**/agreement*", away)
    bob.locator("#comment-1 .agree").click()
    expect(bob.locator(".own-refused")).to_contain_text("could not be reached")
    agrees(bob, 1, "Agree 1", pressed=True)
    bob.unroute("**/agreement*", away)
    bob.locator("#comment-1 .agree").click()
    agrees(bob, 1, "Agree", pressed=False)
    expect(bob.locator(".own-refused")).to_have_count(0)


def test_agreement_count_reaches_a_response_not_shown_yet(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    for number in range(30):
        a_comment(post, f"Number {number} of many.")
    bob = opened(reader, serve(**CALM), post)
    bob.get_by_role("link", name="Newest first").click()
    expect(bob.locator(".thread-order [aria-current]")).to_have_text("Newest first")
    new = a_comment(post, "The newest of all.")
    expect(bob.locator("#waiting")).to_be_visible()
    agree(post.id, new.id, Visitor("carla", "elsewhere"))
    a_comment(post, "A sign that all has come.")
    expect(bob.locator("#waiting")).to_have_text("2 new responses")
    bob.locator("#waiting").click()
    agrees(bob, new.id, "Agree 1", pressed=False)


def test_most_agreed_order_places_a_new_response(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    first, second, third = (a_comment(post, text) for text in ("First.", "Second.", "Third."))
    agree(post.id, third.id, Visitor("carla", "elsewhere"))
    bob = opened(reader, serve(**CALM), post)
    bob.get_by_role("link", name="Most agreed").click()
    expect(bob.locator(".thread-order [aria-current]")).to_have_text("Most agreed")
    expect(bob).to_have_url(re.compile("order=agreed"))
    expect(bob.locator("#responses > li .body")).to_have_text(["Third.", "First.", "Second."])
    assert stayed(bob)
    write(bob, "Fourth.")
    expect(bob.locator("#responses > li .body")).to_have_text(["Third.", "First.", "Second.", "Fourth."])
    agree(post.id, second.id, Visitor("carla", "elsewhere"))
    agrees(bob, second.id, "Agree 1", pressed=False)
    expect(bob.locator("#responses > li .body")).to_have_text(["Third.", "First.", "Second.", "Fourth."])
    bob.reload()
    expect(bob.locator("#responses > li .body")).to_have_text(["Second.", "Third.", "First.", "Fourth."])
    assert first.id


def test_two_reports_hold_a_response_live(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    comment = a_comment(post, "Loud words.")
    a_comment(post, "A calm answer.", comment)
    alone = a_comment(post, "Louder words.")
    with writing():
        current_site().reports_to_hold = 2
    server = serve(**CALM)
    bob, carla = opened(reader, server, post), opened(reader, server, post, extra_http_headers=ELSEWHERE)
    bob.locator(f"#comment-{comment.id} .report").click()
    expect(bob.get_by_label("What is wrong with it? (optional)")).to_be_focused()
    bob.get_by_label("What is wrong with it? (optional)").fill("too loud")
    bob.keyboard.press("Enter")
    expect(bob.locator(".reported")).to_have_text("Thank you. The editors will check this response.")
    expect(bob.locator(".reported")).to_be_focused()
    bob.locator(f"#comment-{comment.id} .report").click()
    bob.get_by_role("button", name="Send report").click()
    expect(bob.locator(".reported")).to_contain_text("already reported this response")
    expect(carla.locator(f"#comment-{comment.id} .body")).to_have_text("Loud words.")
    carla.locator(f"#comment-{comment.id} .report").click()
    carla.get_by_role("button", name="Send report").click()
    for page in (bob, carla):
        expect(page.locator(f"#comment-{comment.id} > p")).to_have_text("This response is no longer here.")
        expect(page.locator("#response-count")).to_have_text(f'2 Responses to "{TITLE}"')
        assert stayed(page)
    report(post.id, alone.id, Visitor("dan", "somewhere"), "")
    bob.locator(f"#comment-{alone.id} .report").click()
    bob.get_by_role("button", name="Send report").click()
    for page in (bob, carla):
        expect(page.locator(f"#thread-{alone.id}")).to_have_count(0)
    db.session.rollback()
    db.session.expire_all()
    held = db.session.get_one(Comment, comment.id)
    assert why(held) == "reported by 2 readers: too loud"


def test_cancelled_report_changes_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Seen one today.")
    bob = opened(reader, serve(**CALM), post)
    bob.locator("#comment-1 .report").press("Enter")
    bob.get_by_role("link", name="Cancel").click()
    expect(bob.locator(".own-place")).to_have_count(0)
    expect(bob.locator("#comment-1")).to_be_focused()


def test_reactions_work_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    a_comment(post, "Seen one today.")
    server = serve(**CALM)
    bob = reader(java_script_enabled=False)
    bob.goto(server.url + (post.path or ""))
    bob.locator("#comment-1 .agree").click()
    bob.get_by_role("button", name="Agree").click()
    expect(bob).to_have_url(re.compile("#comment-1$"))
    expect(bob.locator("#comment-1 .agreed")).to_have_text("1")
    bob.locator("#comment-1 .agree").click()
    bob.get_by_role("button", name="No longer agree").click()
    expect(bob.locator("#comment-1 .agreed")).to_have_text("")
    bob.locator("#comment-1 .report").click()
    bob.get_by_label("What is wrong with it? (optional)").fill("too loud")
    bob.get_by_role("button", name="Send report").click()
    expect(bob.get_by_role("heading", name="Thank you")).to_be_visible()
