from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.db import db, writing
from blog.posts.addresses.old_paths import store_old_path
from blog.posts.models import MAX_OLD_PATH, OldPath, Post
from blog.posts.publishing import publish_post, trash_post, unpublish_post
from tests.factories import HTMX, a_post


def moved_post(old: str = "/archives/herons/", **fields: object) -> Post:
    post = a_post("Herons return", **fields)  # type: ignore[arg-type]
    with writing():
        store_old_path(post, old)
    return post


@pytest.mark.parametrize("address", ["/archives/herons", "/archives/herons/", "/archives/herons/?p=1&m=1"])
def test_old_path_redirects_with_and_without_slash_and_without_query(client: FlaskClient, address: str) -> None:
    post = moved_post()
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (301, post.address)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client.head(address).status_code == 301


def test_own_path_with_a_slash_redirects(client: FlaskClient) -> None:
    post = a_post()
    assert client.get(f"{post.path}/").location == post.address


def test_old_path_beyond_ascii_is_escaped(client: FlaskClient) -> None:
    post = moved_post("/größe/?#%.html", path="/p/a?b#c%.html")
    assert client.get("/gr%C3%B6%C3%9Fe/%3F%23%25.html").location == post.address == "/p/a%3Fb%23c%25.html"


def test_visible_post_comes_before_an_old_path(client: FlaskClient) -> None:
    other = a_post("Rails", path="/archives/herons")
    moved_post()
    assert client.get("/archives/herons").text.count("Rails")
    unpublish_post(other.id)
    assert client.get("/archives/herons").status_code == 301


def test_old_path_of_a_hidden_post_says_as_much_as_its_path(client: FlaskClient) -> None:
    draft = moved_post("/of/draft", draft=True)
    assert client.get("/of/draft").status_code == 404
    publish_post(draft.id)
    assert client.get("/of/draft").status_code == 301
    unpublish_post(draft.id)
    gone = client.get("/of/draft")
    assert (gone.status_code, "Herons" in gone.text) == (410, False)
    publish_post(draft.id)
    trash_post(draft.id)
    assert client.get("/of/draft").status_code == 410


def test_htmx_gets_a_sentence_only(client: FlaskClient) -> None:
    a_post("Herons return")
    answer = client.get("/2011/07/herons-return.html", headers=HTMX)
    assert (answer.status_code, "<html" in answer.text) == (404, False)


def test_first_post_keeps_an_old_path_and_long_paths_are_not_stored(app: Flask) -> None:
    first = moved_post("/same")
    moved_post("/same/")
    moved_post("/" + "é" * MAX_OLD_PATH)
    longest = moved_post("/" + "é" * (MAX_OLD_PATH - 1))
    assert [(old.path[:5], old.post_id) for old in db.session.query(OldPath).order_by(OldPath.id)] == [
        ("/same", first.id),
        ("/éééé", longest.id),
    ]


def test_new_post_takes_no_old_path(client: FlaskClient) -> None:
    first = a_post("Herons return")
    old = (first.path or "").replace("return.html", "return_2.html")
    with writing():
        store_old_path(first, old)
    assert (a_post("Herons return").path or "").endswith("_3.html")
    assert client.get(old).location == first.address


def test_long_paths_and_odd_characters_are_not_found(client: FlaskClient) -> None:
    for path in ("/" + "a" * 3000, "/%00", "/%ED%A0%80", "/a%0d%0ab", "/..%2f..%2fetc", "/%E2%80%AE.html"):
        assert client.get(path).status_code == 404
