from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog import create_app
from blog.migrations import migrate
from blog.settings import ROOT, Settings
from blog.web.htmx import SCRIPTS
from blog.web.keyed_hashes import address_key
from blog.web.security_headers import security_headers
from tests.factories import HTMX, a_post, token


def policy(settings: Settings) -> dict[str, list[str]]:
    text = dict(security_headers(settings))["Content-Security-Policy"]
    return {part.split()[0]: part.split()[1:] for part in text.split("; ")}


def test_csp_allows_this_site_and_two_cdn_files() -> None:
    rules = policy(Settings())
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'", *(script.cdn_url for script in SCRIPTS)]
    assert rules["style-src"] == rules["connect-src"] == rules["form-action"] == ["'self'"]
    assert rules["base-uri"] == rules["frame-ancestors"] == ["'none'"]
    assert not [source for sources in rules.values() for source in sources if "unsafe" in source]


def test_csp_allows_only_this_site_with_local_htmx() -> None:
    assert policy(Settings(htmx_from="static"))["script-src"] == ["'self'"]


def test_hsts_is_sent_under_https_if_configured(app: Flask) -> None:
    name, https = "Strict-Transport-Security", "https://blog.example.org"
    assert name not in dict(security_headers(Settings(blog_url=https)))
    assert name not in dict(security_headers(Settings(hsts_seconds=60)))
    assert dict(security_headers(Settings(hsts_seconds=60, blog_url=https)))[name] == "max-age=60"
    client = create_app(replace(app.config["SETTINGS"], hsts_seconds=60)).test_client()
    assert name not in client.get("/").headers
    assert client.get("/", base_url=https).headers[name] == "max-age=60"


def test_htmx_copies_match_their_hashes() -> None:
    import base64
    import hashlib

    for script in SCRIPTS:
        digest = hashlib.sha384((ROOT / "static" / script.static_path).read_bytes()).digest()
        assert script.integrity == f"sha384-{base64.b64encode(digest).decode()}"


def test_address_key_is_equal_within_an_ipv6_network(app: Flask) -> None:
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff")
    assert address_key("2001:db8::1") != address_key("2001:db8:0:1::1")
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1")
    assert "192.0.2.1" not in address_key("192.0.2.1")


class TestUnderHttps:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(blog_instance=tmp_path, ratelimit_enabled=False, blog_url="https://blog.example.org")

    def test_cookie_is_secure_and_comment_is_posted(self, client: FlaskClient) -> None:
        post = a_post()
        base = {"base_url": "https://blog.example.org"}
        page = client.get(f"/posts/{post.id}/comments/token", **base)
        assert "Secure" in page.headers["Set-Cookie"]
        import re

        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)) | {"body": "Under https."}
        sent = {"Referer": f"https://blog.example.org{post.path}", **HTMX}
        assert client.post(f"/posts/{post.id}/comments", data=form, headers=sent, **base).status_code == 200

    def test_canonical_url_comes_from_blog_url_not_from_host(self, client: FlaskClient) -> None:
        post = a_post()
        page = client.get(post.path or "", base_url="https://evil.example").text
        assert f'rel="canonical" href="https://blog.example.org{post.path}"' in page
        assert "evil" not in page


def test_untrusted_host_is_refused(settings: Settings) -> None:
    settings = replace(settings, trusted_hosts=("blog.example.org",))
    migrate(settings.database)
    client = create_app(settings).test_client()
    assert client.get("/", base_url="http://evil.example").status_code == 400
    assert client.get("/", base_url="http://blog.example.org").status_code == 200


def test_server_error_page_hides_the_traceback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("blog.posts.routes.all_posts", fail)
    response = app.test_client().get("/")
    assert response.status_code == 500
    assert "This is our fault" in response.text
    assert "secret reason" not in response.text


def test_comment_token_is_sent_with_no_store(client: FlaskClient) -> None:
    post = a_post()
    assert token(client, post).keys() == {"csrf_token", "key"}
    assert client.get(f"/posts/{post.id}/comments/token").headers["Cache-Control"] == "no-store"
