"""Test in Firefox that pages restored from the history are whole and keep what was typed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blog.db import db
from blog.dev.fill import Extent, fill
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.posts.models import Post
from tests.factories import a_post
from tests.live_server import Server
from tests.postgres.databases import on_sqlite
from tests.system.firefox import Firefox, open_firefox

pytestmark = on_sqlite
PASSWORD = "a sentence to remember"


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    path = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if not path:
        pytest.skip("Firefox is not installed")
    profile = tmp_path / "profile"
    profile.mkdir()
    with open_firefox(path, profile) as browser:
        yield browser


def test_reply_survives_a_turned_page_back_and_a_permalink(
    serve: Callable[..., Server], firefox: Firefox, blog: Flask
) -> None:
    list(fill(Extent(1, 260), seed=4))
    post = db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()
    server = serve(HTMX_FROM="static")
    firefox.goto(server.url + (post.path or ""))
    firefox.sees("document.querySelector('#live[data-following]')")
    firefox.click("#responses .reply")
    firefox.sees("document.querySelector('#comment-form [name=parent_id]').value")
    parent = firefox.evaluate("document.querySelector('#comment-form [name=parent_id]').value")
    firefox.type("#body", "Half a thought")
    firefox.click(".pages a[href*='page=3']")
    firefox.sees("document.querySelector('.pages [aria-current]').textContent.trim() === '3'")
    firefox.sees("document.querySelector('#body').value === 'Half a thought'")
    firefox.back()
    firefox.sees("document.querySelector('.pages [aria-current]').textContent.trim() === '1'")
    assert firefox.sees("document.querySelectorAll('h1').length") == 1
    firefox.sees("document.querySelector('.colophon')")
    firefox.sees("document.querySelector('#body').value === 'Half a thought'")
    assert firefox.evaluate("document.querySelector('#comment-form [name=parent_id]').value") == parent
    firefox.click("#responses a.time")
    firefox.sees("location.hash.startsWith('#comment-')")
    firefox.sees("document.querySelector('#body').value === 'Half a thought'")
    firefox.back()
    firefox.sees("!location.hash")
    firefox.sees("document.querySelector('#body').value === 'Half a thought'")


def test_searched_list_at_the_desk_is_whole_after_back(
    serve: Callable[..., Server], firefox: Firefox, blog: Flask
) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    a_post("Herons return")
    a_post("A bridge reopens")
    server = serve(HTMX_FROM="static")
    firefox.goto(f"{server.url}/desk/sign-in")
    firefox.type("[name=email]", "ed@example.org")
    firefox.type("[name=password]", PASSWORD)
    firefox.click("main form button")
    firefox.sees("document.querySelector('body[data-at-desk]')")
    firefox.goto(f"{server.url}/desk/posts")
    firefox.type("#q", "heron")
    firefox.sees("location.search.includes('heron') && !document.body.innerText.includes('A bridge reopens')")
    firefox.click("#posts-list a[href*='/desk/posts/']")
    firefox.sees("document.querySelector('[name=title]')")
    firefox.back()
    firefox.sees("document.body.innerText.includes('Herons return') && document.querySelector('#q')")
    assert firefox.evaluate("document.querySelector('#q').value") == "heron"
    assert firefox.evaluate("document.querySelectorAll('h1').length") == 1
    assert "A bridge reopens" not in firefox.evaluate("document.body.innerText")
