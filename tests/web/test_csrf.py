"""Test which requests may change something: by the headers of the browser, else by the token."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.comments.followers.unsubscribe_links import email_key, unsubscribe_path
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from tests.factories import HTMX, a_comment, a_post, count, csrf, signed_in, token
from tests.postgres.databases import on_sqlite
from tests.site.test_settings import SETTINGS

pytestmark = on_sqlite
HERE = "https://blog.example.org"
PASSWORD = "a sentence to remember"

ACCEPTED = {
    "same origin": {"Sec-Fetch-Site": "same-origin"},
    "typed or reloaded": {"Sec-Fetch-Site": "none"},
    "plain http": {"Origin": "http://localhost"},
    "a proxy that ends TLS": {"Origin": "https://localhost"},
    "a proxy that rewrites Host": {"Origin": HERE},
    "both headers": {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
}
UNKNOWN = {
    "neither header": {},
    "empty headers": {"Sec-Fetch-Site": "", "Origin": ""},
    "null": {"Origin": "null"},
    "another site": {"Origin": "https://evil.example"},
    "a longer host": {"Origin": "https://localhost.evil.example"},
    "another port": {"Origin": "http://localhost:8080"},
    "another scheme than BLOG_URL": {"Origin": "http://blog.example.org"},
    "a broken origin": {"Origin": "https://[::1"},
    "a user in the origin": {"Origin": "https://localhost@evil.example"},
}
FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a sibling host": {"Sec-Fetch-Site": "same-site"},
    "a sibling host with our origin": {"Sec-Fetch-Site": "same-site", "Origin": HERE},
    "an unknown word": {"Sec-Fetch-Site": "elsewhere"},
}


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url=HERE)
    return app


def save(desk: FlaskClient, headers: dict[str, str], **form: str) -> TestResponse:
    """Save the settings, a form of the desk."""
    return desk.post("/desk/settings", data=SETTINGS | form, headers=headers)


@pytest.mark.parametrize("headers", ACCEPTED.values(), ids=list(ACCEPTED))
def test_headers_of_this_site_need_no_token(app: Flask, headers: dict[str, str]) -> None:
    assert save(signed_in(app), headers).status_code == 303


@pytest.mark.parametrize("headers", UNKNOWN.values(), ids=list(UNKNOWN))
def test_without_proof_the_token_counts(app: Flask, headers: dict[str, str]) -> None:
    desk = signed_in(app)
    assert save(desk, headers).status_code == 400
    assert save(desk, headers, csrf_token="x").status_code == 400
    assert save(desk, headers, csrf_token=csrf(desk, "/desk/password")).status_code == 303


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=list(FOREIGN))
def test_other_sites_are_refused_even_with_a_token(app: Flask, headers: dict[str, str]) -> None:
    desk = signed_in(app)
    proof = {"csrf_token": csrf(desk, "/desk/password")}
    assert save(desk, headers, **proof).status_code == 400
    post = a_post()
    comment = a_comment(post)
    answered = desk.post(f"/desk/comments/{comment.id}/answers", data=proof | {"body": "Kept."}, headers=headers)
    assert answered.status_code == 403
    assert "Kept." in answered.text
    for more in ({}, HTMX):
        form = token(desk, post) | {"body": "Kept too."}
        refused = desk.post(f"/posts/{post.id}/comments", data=form, headers=headers | more)
        assert refused.status_code == 403
        assert "page of another site" in refused.text
        assert "Kept too." in refused.text
    assert count() == 1


def test_https_needs_no_referer(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    client = app.test_client()
    page = client.get("/desk/sign-in", base_url="https://localhost")
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert found
    form = {"email": "ed@example.org", "password": PASSWORD, "csrf_token": found[1]}
    assert client.post("/desk/session", data=form, base_url="https://localhost").status_code == 303


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
@pytest.mark.parametrize("proof", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}])
def test_readers_post_without_any_cookie(app: Flask, proof: dict[str, str], headers: dict[str, str]) -> None:
    post, client = a_post(), app.test_client(use_cookies=False)
    form = {"body": "Seen one."}
    first = client.post(f"/posts/{post.id}/comments", data=form, headers=proof | headers)
    assert count() == 0  # nothing is stored without a ticket
    assert "Seen one." in first.text
    form |= dict(re.findall(r'name="(key)" value="([^"]*)"', first.text))
    for _ in range(2):  # the answer was lost, or the button was pressed twice
        assert client.post(f"/posts/{post.id}/comments", data=form, headers=proof | headers).status_code < 400
    assert count() == 1


def test_readers_with_neither_cookies_nor_headers_learn_why(app: Flask) -> None:
    post, client = a_post(), app.test_client(use_cookies=False)
    form = token(client, post) | {"body": "Seen one."}
    refused = client.post(f"/posts/{post.id}/comments", data=form)
    assert refused.status_code == 403
    assert "allow cookies for this site" in refused.text
    assert "Seen one." in refused.text


FORGERIES: list[Callable[[str], str]] = [
    lambda key: "",
    lambda key: key[::-1],
    lambda key: f"{key[:-1]}!",
    lambda key: f"{'A' * 8}{key[8:]}",
    lambda key: "k" * 52,
    lambda key: "\0",
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_invented_tickets_are_refused(client: FlaskClient, forge: Callable[[str], str]) -> None:
    post = a_post()
    form = token(client, post)
    proof = {"Sec-Fetch-Site": "same-origin"} | HTMX
    forged = form | {"key": forge(form["key"]), "body": "Seen one."}
    refused = client.post(f"/posts/{post.id}/comments", data=forged, headers=proof)
    assert refused.status_code == 403
    assert "Seen one." in refused.text
    assert count() == 0
    again = dict(re.findall(r'name="(key)" value="([^"]*)"', refused.text)) | {"body": "Seen one."}
    assert client.post(f"/posts/{post.id}/comments", data=again, headers=proof).status_code == 200


def test_mail_providers_unsubscribe_in_one_click(app: Flask) -> None:
    post = a_post()
    with app.test_request_context():
        path = unsubscribe_path(email_key("ann@example.org"), post.id)
    provider = app.test_client(use_cookies=False)
    data = {"List-Unsubscribe": "One-Click"}
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://mail.example"}):
        assert provider.post(path, data=data, headers=headers).status_code == 200
