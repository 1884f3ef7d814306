"""Test responses to a post of a real export; skipped without the export."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from blog.db import db
from blog.posts.models import Post
from blog.settings import ROOT
from tests.live_server import Server
from tests.system.visits import following, sees, stay, stayed, write

EXPORT = ROOT.parent / "shared" / "fixtures" / "jeffhandley-jeffhandley.github.io--blogspot.xml"


@pytest.mark.skipif(not EXPORT.exists(), reason=f"{EXPORT.name} is not at hand")
def test_two_readers_respond_to_an_imported_post(
    serve: Callable[..., Server], reader: Callable[..., Page], blog: Flask, instance: Path
) -> None:
    server = serve()
    command = [sys.executable, "-m", "flask", "import", str(EXPORT)]
    done = subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True)
    assert "92 posts, 112 comments" in done.stdout
    posts = list(db.session.scalars(select(Post).order_by(Post.comment_count.desc())))
    for post in posts:
        assert reader_gets(server, post.path or "") == 200
    post = posts[0]
    ann, bob = reader(), reader()
    for page in (ann, bob):
        page.goto(f"{server.url}{post.path}")
        following(page)
        stay(page)
    before = post.comment_count
    expect(ann.locator("#response-count")).to_have_text(f'{before} Responses to "{post.headline}"')
    write(ann, "Fifteen years later.")
    for page in (ann, bob):
        sees(page, "Fifteen years later.", f'{before + 1} Responses to "{post.headline}"')
        assert stayed(page)
    first = ann.locator("#responses > li .old-anchor").first.get_attribute("id")
    bob.goto(f"{server.url}{post.path}?showComment=1130000000000#{first}")
    expect(bob.locator(f"#{first}")).to_be_in_viewport()


def reader_gets(server: Server, path: str) -> int:
    from http.client import HTTPConnection
    from urllib.parse import quote

    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", quote(path))
    status = connection.getresponse().status
    connection.close()
    return status
