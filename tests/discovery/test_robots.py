from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.db import now
from blog.site.update import change_settings
from tests.factories import signed_in


def test_robots_may_read_all_but_the_desk(app: Flask, client: FlaskClient) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://blog.example.org/")
    answer = client.get("/robots.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    robots = RobotFileParser()
    robots.parse(answer.text.splitlines())
    for path in ("/", "/2026/11/herons.html", "/search/label/Birds", "/feeds/posts/default"):
        assert robots.can_fetch("AnyBot", path)
    assert not robots.can_fetch("AnyBot", "/desk/")
    sitemaps = ["https://blog.example.org/sitemap.xml", "https://blog.example.org/news-sitemap.xml"]
    assert robots.site_maps() == sitemaps


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        ("ann@example.org", "Contact: mailto:ann@example.org"),
        ("ann+a%b@example.org", "Contact: mailto:ann+a%25b@example.org"),
        ("https://example.org/security", "Contact: https://example.org/security"),
    ],
)
def test_security_contact_is_shown_where_it_is_set(client: FlaskClient, contact: str, line: str) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    change_settings({"security_contact": contact, "language": "pt-BR"})
    answer = client.get("/.well-known/security.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(field.split(": ", 1) for field in answer.text.splitlines())
    assert answer.text.splitlines()[0] == line
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}
    expires = datetime.fromisoformat(fields["Expires"])
    assert now() + timedelta(days=100) < expires < now() + timedelta(days=365)
    assert fields["Preferred-Languages"] == "pt-BR"
    assert fields["Canonical"] == "http://localhost/.well-known/security.txt"


def test_password_managers_find_the_form(app: Flask) -> None:
    answer = signed_in(app).get("/.well-known/change-password", follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/desk/password")


@pytest.mark.parametrize("host", ["blog.example:8080", "[::1]:8000"])
def test_any_host_of_a_request_is_named(app: Flask, host: str) -> None:
    answer = app.test_client(use_cookies=False).get("/robots.txt", headers={"Host": host})
    assert f"Sitemap: http://{host}/sitemap.xml" in answer.text
