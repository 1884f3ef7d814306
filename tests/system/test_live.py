from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.db import now
from blog.posts.publishing import unpublish_post
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.postgres.databases import on_both
from tests.system.relay import Relay
from tests.system.visits import SIGHT, change, following, hide, sees, show, stay, stayed, write

TITLE = "Herons return"


@pytest.mark.parametrize(
    ("database", "processes"), [("sqlite", "1"), ("sqlite", "2"), ("postgres", "2")], indirect=["database"]
)
def test_new_response_appears_once_for_both_readers(
    serve: Callable[..., Server], reader: Callable[..., Page], processes: str
) -> None:
    post = a_post(TITLE)
    server = serve(WEB_CONCURRENCY=processes)
    ann, bob, home = reader(), reader(), reader()
    for page in (ann, bob):
        page.goto(server.url + post.path)
    home.goto(server.url)
    for page in (ann, bob, home):
        following(page)
        stay(page)
    write(ann, "Seen one today.")
    for page in (ann, bob):
        sees(page, "Seen one today.", f'1 Response to "{TITLE}"')
    expect(home.locator(f"#post-{post.id}-count")).to_have_text("1 Response")
    write(bob, "Me too.", "Bob")
    for page in (ann, bob):
        sees(page, "Me too.", f'2 Responses to "{TITLE}"')
        sees(page, "Seen one today.", f'2 Responses to "{TITLE}"')
        expect(page.locator("#responses > li")).to_have_count(2)
    expect(home.locator(f"#post-{post.id}-count")).to_have_text("2 Responses")
    assert all(stayed(page) for page in (ann, bob, home))


@on_both
@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_page_reconnects_after_an_outage(
    serve: Callable[..., Server], reader: Callable[..., Page], seconds: float
) -> None:
    post = a_post(TITLE)
    server = serve()
    ann, bob = reader(), reader()
    for page in (ann, bob):
        page.goto(server.url + post.path)
        following(page)
        stay(page)
    server.stop()
    a_comment(post, "Written meanwhile.")
    time.sleep(seconds)  # the outage itself
    server.start()
    for page in (ann, bob):
        sees(page, "Written meanwhile.", f'1 Response to "{TITLE}"')
    write(ann, "And we go on.")
    for page in (ann, bob):
        sees(page, "And we go on.", f'2 Responses to "{TITLE}"')
        assert stayed(page)


def test_silent_connection_is_replaced(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve(LIVE_BEAT="1")
    with Relay(server.port) as relay:
        page = reader()
        page.goto(f"http://127.0.0.1:{relay.port}{post.path}")
        following(page)
        stay(page)
        relay.fall_silent()
        a_comment(post, "Nobody heard this.")
        relay.serve_new_connections()
        # the browser tries up to six connections that it still believes in, each until it is given up
        expect(page.locator("#responses .body")).to_have_text("Nobody heard this.", timeout=40_000)
        sees(page, "Nobody heard this.", f'1 Response to "{TITLE}"')
        assert stayed(page)


def test_hidden_page_opens_no_stream(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.add_init_script(SIGHT + "seen = false;")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url + post.path, wait_until="networkidle")
    assert not [url for url in asked if url.partition("?")[0].endswith("/live")]
    a_comment(post, "Before it was seen.")
    show(page)
    sees(page, "Before it was seen.", f'1 Response to "{TITLE}"')
    hide(page)
    expect(page.locator("#live")).not_to_have_attribute("data-following", "")
    a_comment(post, "While away.")
    show(page)
    sees(page, "While away.", f'2 Responses to "{TITLE}"')


def test_eight_tabs_on_one_post_all_receive_events(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    first = reader()
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for tab in tabs:
        tab.goto(server.url + post.path)
        expect(tab.locator("#response-count")).to_be_visible()
    following(first)
    a_comment(post, "To all of you.")
    for tab in tabs:
        sees(tab, "To all of you.", f'1 Response to "{TITLE}"')
    first.close()
    a_comment(post, "The first one left.")
    for tab in tabs[1:]:
        sees(tab, "The first one left.", f'2 Responses to "{TITLE}"')


def test_eight_tabs_on_eight_posts_all_load(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    posts = [a_post(f"Post {number}") for number in range(8)]
    server = serve()
    first = reader()
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for tab, post in zip(tabs, posts, strict=True):
        tab.goto(server.url + post.path)
        expect(tab.locator("#response-count")).to_be_visible()
    write(tabs[-1], "Posted from the eighth.")
    sees(tabs[-1], "Posted from the eighth.", '1 Response to "Post 7"')
    for tab in tabs[:-1]:
        tab.close()
    a_comment(posts[-1], "Heard by the last.")
    sees(tabs[-1], "Heard by the last.", '2 Responses to "Post 7"')


@on_both
def test_changed_parent_leaves_the_focus_in_its_reply(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post(TITLE)
    parent = a_comment(post, "The parent.")
    reply = a_comment(post, "The reply.", parent=parent)
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    following(page)
    link = page.locator(f"#comment-{reply.id} a.reply")
    link.focus()
    change(parent, "remove", "asked for")
    expect(page.locator(f"#comment-{parent.id}")).to_contain_text("no longer here")
    expect(link).to_be_focused()
    change(parent, "approve")
    expect(page.locator(f"#comment-{parent.id} .body")).to_have_text("The parent.")
    expect(link).to_be_focused()


def test_changed_parent_leaves_the_text_of_a_reply(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    parent = a_comment(post, "The parent.")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    following(page)
    page.locator(f"#comment-{parent.id} a.reply").click()
    page.keyboard.type("Half a thought")
    version = page.locator(f"#thread-{parent.id}").get_attribute("data-version")
    change(parent, "approve")
    expect(page.locator(f"#thread-{parent.id}")).not_to_have_attribute("data-version", str(version))
    expect(page.get_by_label("Your response")).to_be_focused()
    page.keyboard.type(" and the rest")
    expect(page.get_by_label("Your response")).to_have_value("Half a thought and the rest")


def test_removed_parent_moves_the_form_back_with_its_text(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    parent = a_comment(post, "The parent.")
    server = serve()
    page = reader()
    page.goto(server.url + post.path)
    following(page)
    page.locator(f"#comment-{parent.id} a.reply").click()
    page.keyboard.type("Half a thought")
    change(parent, "remove", "asked for")
    expect(page.locator(f"#thread-{parent.id}")).to_have_count(0)
    expect(page.locator("#comment-error")).to_contain_text("no longer here")
    expect(page.get_by_label("Your response")).to_have_value("Half a thought")
    page.get_by_role("button", name="Post comment").click()
    sees(page, "Half a thought", f'1 Response to "{TITLE}"')


def test_many_missed_changes_offer_a_reload(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    server = serve()
    page = reader()
    page.add_init_script(SIGHT)
    page.goto(server.url + post.path)
    following(page)
    hide(page)
    for number in range(101):
        a_comment(post, f"Number {number}.")
    show(page)
    expect(page.locator("#response-count")).to_have_text(f'101 Responses to "{TITLE}"')
    page.get_by_role("link", name="Reload them").click()
    expect(page.locator("#responses > li")).to_have_count(50)
    expect(page.get_by_role("link", name="Page 3")).to_be_visible()
    following(page)
    a_comment(post, "And one more.")
    expect(page.locator("#response-count")).to_have_text(f'102 Responses to "{TITLE}"')
    page.get_by_role("link", name="1 new response on another page").click()
    sees(page, "And one more.", f'102 Responses to "{TITLE}"')


def test_new_response_does_not_move_the_field_with_focus(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post(TITLE)
    for number in range(12):
        a_comment(post, f"Number {number}.")
    server = serve()
    page = reader(viewport={"width": 390, "height": 800})
    page.goto(server.url + post.path)
    following(page)
    field = page.get_by_label("Your response")
    field.fill("In the middle of")
    field.scroll_into_view_if_needed()
    before = field.bounding_box()
    a_comment(post, "At the end.")
    expect(page.locator("#response-count")).to_have_text(f'13 Responses to "{TITLE}"')
    line = page.get_by_role("button", name="1 new response")
    expect(line).to_be_visible()
    assert field.bounding_box() == before
    line.click()
    expect(page.locator("#responses .body", has_text="At the end.")).to_be_in_viewport()
    expect(field).to_have_value("In the middle of")


def test_new_reply_above_does_not_move_the_view(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post(TITLE)
    comments = [a_comment(post, f"Number {number}.") for number in range(30)]
    server = serve()
    page = reader(viewport={"width": 800, "height": 600})
    page.goto(server.url + post.path)
    following(page)
    read = page.locator(f"#comment-{comments[20].id}")
    read.scroll_into_view_if_needed()
    before = read.bounding_box()
    a_comment(post, "Above.", parent=comments[2])
    sees(page, "Above.", f'31 Responses to "{TITLE}"')
    assert read.bounding_box() == pytest.approx(before, abs=1)
    a_comment(post, "In sight.", parent=comments[20])
    expect(page.get_by_role("button", name="1 new response")).to_be_visible()
    assert read.bounding_box() == pytest.approx(before, abs=1)
    page.get_by_role("button", name="1 new response").click()
    sees(page, "In sight.", f'32 Responses to "{TITLE}"')


def test_home_names_new_posts_and_moves_nothing(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    a_post("Herons return", published_at=now() - timedelta(minutes=5))
    page = reader()
    page.goto(serve().url)
    following(page)
    heading = page.get_by_role("heading", name="Herons return")
    before = heading.bounding_box()
    a_post("An old telegram", published_at=now() - timedelta(days=5))
    a_post("Otters")
    link = page.get_by_role("link", name="1 new post")
    expect(link).to_be_in_viewport()
    gone = a_post("Magpies")
    expect(page.get_by_role("link", name="2 new posts")).to_be_visible()
    unpublish_post(gone.id)
    expect(page.get_by_role("link", name="1 new post")).to_be_visible()
    a_post("Storks")
    expect(page.get_by_role("link", name="2 new posts")).to_be_visible()
    assert heading.bounding_box() == before
    page.get_by_role("link", name="2 new posts").click()
    expect(page.get_by_role("heading", name="Storks")).to_be_visible()
    expect(page.get_by_role("link", name="new post")).to_have_count(0)
