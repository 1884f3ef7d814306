from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from blog.db import db
from blog.posts.addresses.suggestions import MAX_SUGGESTIONS, NEIGHBOURS, suggest_labels, suggest_posts
from blog.posts.publishing import trash_post, unpublish_post
from tests.factories import a_post
from tests.postgres.databases import on_sqlite


def headlines(path: str) -> list[str]:
    return [found.headline for found in suggest_posts(path)]


@pytest.mark.parametrize(
    "path",
    [
        "/2011/07/herons-return.html",
        "/2011/07/herons-return_21.html",
        "/2011/07/Herons-Return.html",
        "/2011/07/herons-retrun.html",
        "/2011/07/herons-ret",
        "/2026/11/herons-return.html",
        "/blog/herons-return/",
        "/herons_return",
    ],
)
def test_similar_slug_is_proposed(client: FlaskClient, path: str) -> None:
    post = a_post("Herons return", path="/2026/10/herons-return.html")
    a_post("Quite another matter")
    a_post("Heron secrets", draft=True, path="/2026/10/herons-returned.html")
    page = client.get(path)
    assert page.status_code == 404
    assert re.findall(r'<li><a href="([^"]*)"', page.text) == [post.address]
    assert page.headers["Cache-Control"] == "no-store"


def test_typing_error_at_the_beginning_is_found_in_the_same_month(app: Flask) -> None:
    post = a_post("Herons return")
    assert headlines((post.path or "").replace("herons", "xerons")) == ["Herons return"]


def test_same_slug_comes_first_and_pages_count(app: Flask) -> None:
    a_post("About herons", path="/2011/07/about-herons.html")
    a_post("About", kind="page", path="/p/about.html")
    for number in range(20):
        a_post(f"About {number}", path=f"/2012/01/about-{number:02}.html")
    found = headlines("/2026/01/about.html")
    assert found[0] == "About"
    assert len(found) == MAX_SUGGESTIONS


def test_hidden_posts_are_never_proposed(app: Flask) -> None:
    posts = [a_post("Herons return", path=f"/2011/0{number}/herons-return.html") for number in range(1, 5)]
    unpublish_post(posts[0].id)
    trash_post(posts[1].id)
    a_post("Herons return", path="/2011/09/herons-return.html", draft=True)
    assert {found.address for found in suggest_posts("/2026/11/herons-return.html")} == {
        "/2011/03/herons-return.html",
        "/2011/04/herons-return.html",
    }


@pytest.mark.parametrize("name", ["birds", "BIRDS", "Brids", "birdz", "/tag/birds/", "/category/birds"])
def test_label_is_proposed(client: FlaskClient, name: str) -> None:
    a_post(labels=("Birds", "Secret"))
    a_post(draft=True, labels=("Bird",))
    page = client.get(name if name.startswith("/") else f"/search/label/{name}")
    assert page.status_code == 404
    assert re.findall(r'href="/search/label/([^"]*)"', page.text) == ["Birds"]
    assert suggest_labels("Bard") == ["Birds"]


@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/.env", "/a.tar.gz", "/", "/2011/99/x.html", "/0000/01/x", "/-/-.html", "/%25_%5C"]
)
def test_what_bots_ask_for_gets_no_proposal(client: FlaskClient, path: str) -> None:
    a_post("Wp login", path="/2011/01/wp-login.html", labels=("env",))
    assert suggest_posts(path) == []
    assert suggest_labels(path) == []


def test_hostile_titles_and_paths_are_escaped(client: FlaskClient) -> None:
    a_post('"><script>alert(1)</script>', path="/2011/07/herons.html", labels=('"><b>',))
    page = client.get("/2012/07/herons.html").text + client.get("/search/label/%22%3E%3Cb").text
    assert page.count("<script>alert") == page.count("<b>") == 0
    assert "&lt;script&gt;" in page


@on_sqlite
def test_queries_use_indexes(app: Flask) -> None:
    for number in range(3 * NEIGHBOURS):
        a_post("Herons return", path=f"/20{number:02}/01/herons-return.html")
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.extend(row[3] for row in rows)

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        assert len(suggest_posts("/2099/01/herons-return.html")) == MAX_SUGGESTIONS
        suggest_labels("/2099/01/herons-return.html")
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    assert any("ix_posts_slug" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN posts", "SCAN labels", "SCAN post_labels"))], plans
