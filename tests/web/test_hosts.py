"""Test that a forged Host header changes no redirect, page or mail."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.models import HELD, Comment
from blog.comments.moderation.alerts import alert_editors
from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.site.models import HOLD_ALL, current_site
from tests.factories import a_comment, a_post, answer, csrf, sign_in, signed_in
from tests.mail.letters import mails
from tests.test_routes import ROUTES, route_values

__all__ = ["route_values"]

EVIL = "evil.example"
FORGED_HEADERS = {"HTTP_HOST": EVIL, "HTTP_X_FORWARDED_HOST": EVIL, "HTTP_FORWARDED": f"host={EVIL}"}
PASSWORD = "a sentence to remember"
# canonical addresses and the like are absolute: without BLOG_URL the host is the request's
DESCRIPTIONS = re.compile(r'<(?:link|meta) [^>]*>|<script type="application/ld\+json">[^<]*</script>')


def client_with_forged_host(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base |= FORGED_HEADERS
    return client


@pytest.mark.parametrize("path", ["/desk", "/2026", "/2026/11", "//desk", "//evil.example/desk", "/desk//posts"])
def test_redirects_contain_no_host(app: Flask, path: str) -> None:
    response = client_with_forged_host(app).get(path)
    assert response.status_code in {303, 308, 404}
    if response.status_code != 404:
        assert re.fullmatch(r"/([^/].*)?", response.headers["Location"])
        assert f"://{EVIL}" not in response.text
    assert "://" not in response.headers.get("Location", "")


def test_no_route_repeats_the_request_host(app: Flask, route_values: dict[str, Any]) -> None:
    ed, nobody = client_with_forged_host(app), client_with_forged_host(app)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    sign_in(ed, "ed@example.org", PASSWORD)
    for route in ROUTES:
        method, rule = route.split(" ", 1)
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(route_values[part[1]]), rule)
        for visitor in (nobody, ed):
            form = {"csrf_token": csrf(visitor, "/desk/password" if visitor is ed else "/desk/sign-in")}
            for at in {path, path.rstrip("/") or "/"}:
                response = visitor.open(at, method=method, data=form if method != "GET" else {}, buffered=True)
                text = response.get_data().decode(errors="replace")  # icons are pictures
                page = DESCRIPTIONS.sub("", text) if visitor is nobody else text
                assert EVIL not in page + str(response.headers), route
            if visitor is ed and route == "DELETE /desk/session":
                sign_in(ed, "ed@example.org", PASSWORD)


def test_links_in_mail_begin_with_blog_url(app: Flask) -> None:
    blog = {"smtp_host": "localhost", "mail_from": "blog@example.org", "blog_url": "https://blog.example.org"}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **blog)
    signed_in(app)
    client, post = client_with_forged_host(app), a_post()
    answer(client, post, "Mine", email="ann@example.org", follow="thread")
    form = {"csrf_token": csrf(client, "/privacy/link/new"), "email": "ann@example.org"}
    assert client.post("/privacy/link", data=form).status_code == 200
    with writing():
        current_site().comment_rule = HOLD_ALL
    assert a_comment(post, "Held").status == HELD
    alert_editors()
    send_next_confirmation()
    letters = mails()
    assert {mail.kind for mail in letters} == {"confirm", "privacy", "held"}
    for mail in letters:
        assert EVIL not in mail.text + mail.html + mail.headers
        hosts = re.findall(r"https?://([^/\s\"<>]+)", mail.text + mail.html + mail.headers)
        assert set(hosts) == {"blog.example.org"}
    assert db.session.query(Comment).count() == 2
