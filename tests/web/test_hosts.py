"""A request that lies about its host changes no answer: redirects are relative, links in mail begin with BLOG_URL."""

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
from tests.test_routes import ROUTES, world

__all__ = ["world"]

EVIL = "evil.example"
LIES = {"HTTP_HOST": EVIL, "HTTP_X_FORWARDED_HOST": EVIL, "HTTP_FORWARDED": f"host={EVIL}"}
PASSWORD = "a sentence to remember"


def liar(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base |= LIES
    return client


@pytest.mark.parametrize("path", ["/desk", "/2026", "/2026/11", "//desk", "//evil.example/desk", "/desk//posts"])
def test_a_redirect_to_the_right_address_names_no_host(app: Flask, path: str) -> None:
    given = liar(app).get(path)
    assert given.status_code in {303, 308, 404}
    if given.status_code != 404:
        assert re.fullmatch(r"/([^/].*)?", given.headers["Location"])
        assert f"://{EVIL}" not in given.text
    assert "://" not in given.headers.get("Location", "")


def test_no_answer_of_any_route_repeats_a_host(app: Flask, world: dict[str, Any]) -> None:
    ed, nobody = liar(app), liar(app)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    sign_in(ed, "ed@example.org", PASSWORD)
    for route in ROUTES:
        method, rule = route.split(" ", 1)
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(world[part[1]]), rule)
        for visitor in (nobody, ed):
            form = {"csrf_token": csrf(visitor, "/desk/password" if visitor is ed else "/desk/sign-in")}
            for at in {path, path.rstrip("/") or "/"}:
                given = visitor.open(at, method=method, data=form if method != "GET" else {}, buffered=True)
                assert EVIL not in given.text + str(given.headers), route
            if visitor is ed and route == "DELETE /desk/session":
                sign_in(ed, "ed@example.org", PASSWORD)


def test_links_in_mail_begin_with_blog_url(app: Flask) -> None:
    blog = {"smtp_host": "localhost", "mail_from": "blog@example.org", "blog_url": "https://blog.example.org"}
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **blog)
    signed_in(app)
    client, post = liar(app), a_post()
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
