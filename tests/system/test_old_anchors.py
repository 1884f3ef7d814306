"""Test Blogger's links to comments by their anchor alone."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.thread.tree import PAGE_SIZE
from blog.db import db
from tests.factories import a_post
from tests.live_server import Server


def test_anchor_leads_to_the_page_with_its_comment(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask
) -> None:
    post = a_post()
    with changing_threads(notify=False) as change:
        change.load_threads({post.id})
        for number in range(PAGE_SIZE + 2):
            texts = {"name": "Ann", "body": "Seen.", "body_html": "<p>Seen.</p>", "anchor": f"c{number}"}
            change.add(Comment(post_id=post.id, **texts), None, ())
    last = db.session.query(Comment).order_by(Comment.id.desc()).first()
    assert last
    server, page = serve(), reader()
    for address in (f"#c{PAGE_SIZE + 1}", f"?showComment=1#c{PAGE_SIZE + 1}"):
        page.goto("about:blank")
        page.goto(f"{server.url}{post.path}{address}")
        expect(page.locator(f"#comment-{last.id}")).to_be_in_viewport()
        assert "page=2" in page.url
    page.goto("about:blank")
    page.goto(f"{server.url}{post.path}#c999")
    page.wait_for_url("**?showComment=c999#c999")
    expect(page.locator("#response-count")).to_be_visible()
