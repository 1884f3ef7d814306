"""Test subscriptions in a browser with a real mail server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from blog.comments.models import Follow, Notice
from blog.db import db, now, writing
from tests.factories import a_post
from tests.live_server import Server
from tests.mail.post_office import PostOffice, post_office
from tests.system.visits import sees, stay, stayed, write

TITLE = "Herons return"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


def the_link(office: PostOffice, number: int, part: str) -> str:
    body = office.wait_for(number)[number - 1].message.get_body(("plain",))
    assert body
    return str(re.search(rf"http://blog\.example\.org(/mail/follows/\S+/{part})", body.get_content())[1])  # type: ignore[index]


def test_subscription_from_form_to_unsubscribing(
    serve: Callable[..., Server], blog: Flask, reader: Callable[..., Page], office: PostOffice
) -> None:
    post = a_post(TITLE)
    # as plain http: the test's server has no certificate
    server = serve(**office.environment | {"BLOG_URL": "http://blog.example.org"})
    ann, bob = reader(), reader()
    ann.goto(server.url + (post.path or ""))
    stay(ann)
    ann.get_by_label("All responses to this post").check()
    write(ann, "Ann's words.")
    expect(ann.locator("#follow-error")).to_contain_text("write your e-mail address above")
    expect(ann.get_by_label("All responses to this post")).to_be_checked()
    ann.get_by_label("E-mail").fill("ann@example.org")
    ann.get_by_role("button", name="Post comment").click()
    sees(ann, "Ann’s words.", f'1 Response to "{TITLE}"')
    notice = ann.locator("#comment-1 + .mail-notice")
    expect(notice).to_contain_text("We will e-mail you new replies.")
    expect(notice).to_be_in_viewport()
    assert stayed(ann)
    ann.goto(server.url + the_link(office, 1, "confirmation"))
    expect(ann.locator("main")).to_contain_text("a…@example.org")
    ann.get_by_role("button", name="Confirm").click()
    expect(ann.get_by_role("heading", name="Confirmed")).to_be_visible()
    bob.goto(server.url + (post.path or ""))
    write(bob, "Bob's words.", "Bob")
    sees(bob, "Bob’s words.", f'2 Responses to "{TITLE}"')
    with writing():  # as the five minutes would
        db.session.execute(update(Notice).values(created_at=now() - timedelta(minutes=6)))
    ann.goto(server.url + the_link(office, 2, "end"))
    ann.get_by_role("button", name="Unsubscribe").click()
    expect(ann.get_by_role("heading", name="Unsubscribed")).to_be_visible()
    db.session.rollback()
    assert db.session.scalars(select(Follow)).all() == []


def test_subscription_choice_is_restored_with_the_draft(
    serve: Callable[..., Server], blog: Flask, reader: Callable[..., Page], office: PostOffice
) -> None:
    post = a_post(TITLE)
    server = serve(**office.environment | {"BLOG_URL": "http://blog.example.org"})
    ann = reader()
    ann.goto(server.url + (post.path or ""))
    ann.get_by_label("Your response").fill("Not sent yet")
    ann.get_by_label("Replies to my response").check()
    ann.reload()
    expect(ann.get_by_label("Your response")).to_have_value("Not sent yet")
    expect(ann.get_by_label("Replies to my response")).to_be_checked()
