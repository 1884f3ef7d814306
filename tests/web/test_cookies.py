"""Test name and attributes of every cookie under http and https."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.editors.sign_in.device_cookies import COOKIE as DEVICE
from blog.posts.models import Post
from blog.web.cookies import HOST_PREFIX, SESSION_COOKIE
from tests.factories import a_post
from tests.live_server import Server
from tests.postgres.databases import on_sqlite

HTTP, HTTPS = {"base_url": "http://blog.example.org"}, {"base_url": "https://blog.example.org"}
READER = "talkback_reader"
PASSWORD = "a sentence to remember"


@pytest.fixture
def post(app: Flask) -> Post:
    return a_post()


def cookies_of(answer: TestResponse) -> SimpleCookie:
    """Parse the cookies that a response sets, each once."""
    lines = answer.headers.getlist("Set-Cookie")
    found: SimpleCookie = SimpleCookie()
    for line in lines:
        found.load(line)
    assert len(found) == len(lines)
    return found


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1]  # type: ignore[index]


def sign_in(client: FlaskClient, base: dict[str, Any], *, remember: bool = False) -> TestResponse:
    form = {"csrf_token": hidden(client.get("/desk/sign-in", **base).text, "csrf_token"), "email": "ed@example.org"}
    form |= {"password": PASSWORD} | ({"remember": "y"} if remember else {})
    return client.post("/desk/session", data=form, headers={"Referer": f"{base['base_url']}/desk/sign-in"}, **base)


def responses_with_cookies(client: FlaskClient, post: Post, base: dict[str, Any]) -> list[TestResponse]:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    answers = [client.get(f"/posts/{post.id}/comments/token", **base), sign_in(client, base, remember=True)]
    page = client.get("/desk/password", **base)
    form = {"csrf_token": hidden(page.text, "csrf_token")}
    out = client.delete("/desk/session", data=form, headers={"Referer": base["base_url"] + "/desk/"}, **base)
    assert out.headers["Clear-Site-Data"] == '"cache"'
    return [*answers, page, out]


@pytest.mark.parametrize("base", [HTTP, HTTPS], ids=["http", "https"])
def test_every_cookie_has_its_attributes(client: FlaskClient, post: Post, base: dict[str, Any]) -> None:
    prefix = HOST_PREFIX if base is HTTPS else ""
    names = set()
    for answer in responses_with_cookies(client, post, base):
        for name, cookie in cookies_of(answer).items():
            names.add(name)
            assert (cookie["path"], cookie["domain"]) == ("/", "")
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
            assert bool(cookie["secure"]) is (base is HTTPS)
    assert names == {prefix + SESSION_COOKIE, prefix + READER, prefix + DEVICE}


def test_https_blog_url_makes_cookies_secure(app: Flask, post: Post) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://blog.example.org")
    answer = app.test_client().get(f"/posts/{post.id}/comments/token")
    found = cookies_of(answer)
    assert set(found) == {HOST_PREFIX + SESSION_COOKIE, HOST_PREFIX + READER}
    assert all(cookie["secure"] for cookie in found.values())


def send_over_https(client: FlaskClient, *names: str) -> None:
    """Send the unprefixed cookies by https too."""
    for name in names:
        cookie = client.get_cookie(name, "blog.example.org")
        assert cookie
        client.set_cookie(name, cookie.value, domain="blog.example.org")


def write(client: FlaskClient, post: Post, base: dict[str, Any], **fields: str) -> TestResponse:
    page = client.get(f"/posts/{post.id}/comments/token", **base).text
    form = {"body": "Mine.", "name": "Ann", "key": hidden(page, "key"), "csrf_token": hidden(page, "csrf_token")}
    sent = {"Referer": base["base_url"] + "/"}
    return client.post(f"/posts/{post.id}/comments", data=form | fields, headers=sent, **base)


def test_reader_may_still_edit_after_the_move_to_https(client: FlaskClient, post: Post) -> None:
    assert write(client, post, HTTP).status_code == 303
    page = client.get(f"/posts/{post.id}/comments/mine", **HTTPS)
    assert f"/posts/{post.id}/comments/1/edit" in page.text
    found = cookies_of(page)
    assert found[HOST_PREFIX + READER]["max-age"] == str(365 * 24 * 3600)
    assert found[READER]["max-age"] == "0"  # the unprefixed one is deleted
    again = client.get(f"/posts/{post.id}/comments/mine", **HTTPS)
    assert f"/posts/{post.id}/comments/1/edit" in again.text
    assert READER not in again.headers.get("Set-Cookie", "")


def test_editor_stays_signed_in_after_the_move_to_https(app: Flask, client: FlaskClient) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    sign_in(client, HTTP)
    page = client.get("/desk/posts", **HTTPS)
    assert page.status_code == 200
    found = cookies_of(page)
    assert found[HOST_PREFIX + SESSION_COOKIE].value
    assert found[SESSION_COOKIE]["max-age"] == "0"
    assert client.get("/desk/posts", **HTTPS).status_code == 200


def test_unprefixed_cookie_does_not_replace_the_prefixed_one(app: Flask, post: Post) -> None:
    ann, mallory = app.test_client(), app.test_client()
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    sign_in(ann, HTTPS)
    write(mallory, post, HTTP)
    for name in (SESSION_COOKIE, READER):
        planted = mallory.get_cookie(name, "blog.example.org")
        assert planted
        ann.set_cookie(name, planted.value, domain="blog.example.org")
    assert ann.get("/desk/posts", **HTTPS).status_code == 200


def test_invalid_prefixed_cookie_does_not_hide_the_old_one(client: FlaskClient, post: Post) -> None:
    write(client, post, HTTP)
    client.set_cookie(HOST_PREFIX + READER, "broken", domain="blog.example.org")
    assert "/comments/1/edit" in client.get(f"/posts/{post.id}/comments/mine", **HTTPS).text


def test_public_pages_set_no_cookie(client: FlaskClient, post: Post) -> None:
    write(client, post, HTTP)
    for path in ("/", post.path or "", "/privacy"):
        assert "Set-Cookie" not in client.get(path, **HTTPS).headers


@on_sqlite
@pytest.mark.parametrize(("trusted", "secure"), [("127.0.0.1", True), ("192.0.2.1", False)])
def test_forwarded_https_is_trusted_only_from_a_trusted_proxy(
    blog: Flask, serve: Callable[..., Server], trusted: str, secure: bool
) -> None:
    post = a_post()
    server = serve(TRUSTED_PROXIES=trusted, HSTS_SECONDS="3600")
    request = Request(f"{server.url}/posts/{post.id}/comments/token", headers={"X-Forwarded-Proto": "https"})
    with urlopen(request) as answer:
        lines = answer.headers.get_all("Set-Cookie")
        assert ("Strict-Transport-Security" in answer.headers) is secure
    assert all(line.startswith(HOST_PREFIX) is secure and ("; Secure" in line) is secure for line in lines)
