"""Test attacks on the desk: CSRF, session fixation, open redirects, stored scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from lxml import html

from blog.db import db
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, EditorSession
from tests.factories import a_comment, a_post, csrf, sign_in, signed_in
from tests.postgres.databases import on_sqlite
from tests.posts.forms import only_post, write
from tests.test_routes import ROUTES, all_rows

PASSWORD = "a sentence to remember"
CHANGING = [route for route in ROUTES if not route.startswith("GET ")]


@pytest.fixture
def ed(app: Flask) -> FlaskClient:
    return signed_in(app)


def address(route: str, post_id: int, comment_id: int) -> tuple[str, str]:
    method, rule = route.split(" ", 1)
    parts = {"post_id": post_id, "comment_id": comment_id, "token": "guess"}
    return method, re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(parts.get(part[1], 1)), rule)


@on_sqlite  # nothing reaches the database
@pytest.mark.parametrize("token", ["", "forged", "another's"])
@pytest.mark.parametrize("route", CHANGING)
def test_request_without_valid_csrf_token_changes_nothing(app: Flask, ed: FlaskClient, route: str, token: str) -> None:
    post = a_post("Herons return", labels=("Birds",))
    method, path = address(route, post.id, a_comment(post).id)
    form = {"csrf_token": csrf(app.test_client(), "/desk/sign-in") if token == "another's" else token}
    before = all_rows()
    answer = ed.open(path, method=method, data=form)
    assert answer.status_code in {400, 403, 404, 409, 410, 422, 429}
    assert all_rows() == before


def test_sign_in_replaces_fixated_session(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    attacker, editor = app.test_client(), app.test_client()
    attacker.get("/desk/sign-in")
    planted = attacker.get_cookie("talkback")
    assert planted
    editor.set_cookie("talkback", planted.value)
    sign_in(editor, "ed@example.org", PASSWORD)
    assert attacker.get("/desk/password").status_code == 303
    known = csrf(attacker, "/desk/sign-in")
    assert editor.post("/desk/password", data={"csrf_token": known}).status_code == 400


def test_cookie_is_invalid_after_sign_out(ed: FlaskClient) -> None:
    stolen = ed.get_cookie("talkback")
    assert stolen
    ed.post("/desk/session?_method=DELETE", data={"csrf_token": csrf(ed, "/desk/password")})
    ed.set_cookie("talkback", stolen.value)
    assert ed.get("/desk/password").status_code == 303


def test_forged_session_cookie_is_refused(app: Flask, ed: FlaskClient) -> None:
    forger = Flask("forger")
    forger.secret_key = "guess"
    signer = SecureCookieSessionInterface().get_signing_serializer(forger)
    assert signer
    forged = signer.dumps({"desk": db.session.query(EditorSession).one().key})
    stranger = app.test_client()
    stranger.set_cookie("talkback", forged)
    assert stranger.get("/desk/password").status_code == 303


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    " //evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/desk/\\evil.example",
    "/desk//evil.example",
    "/desk/../posts/1/comments",
    "/desk/\t/evil.example",
    "/desk/\u2028/evil.example",
    "/desk/\r\nLocation: https://evil.example",
    "/desk@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
]


@pytest.mark.parametrize("onward", ELSEWHERE)
def test_onward_path_never_leaves_the_desk(app: Flask, onward: str) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    client = app.test_client()
    page = client.get("/desk/sign-in", query_string={"next": onward}).text
    (value,) = re.findall(r'name="onward" value="([^"]*)"', page)
    where = sign_in(client, "ed@example.org", PASSWORD, onward=onward).location
    signed = client.get("/desk/sign-in", query_string={"next": onward}).location
    for place in (value, where, signed):
        assert re.fullmatch(r"/desk/[\w/?&=%.+-]*", place, re.ASCII), place
        assert ".." not in place


@pytest.mark.parametrize("onward", ["https://evil.example/desk/posts?", "//evil.example", "/desk/posts?\r\nX: y"])
def test_list_redirect_never_leaves_the_desk(ed: FlaskClient, onward: str) -> None:
    post = a_post()
    form = {"csrf_token": csrf(ed, "/desk/password"), "onward": onward}
    answer = ed.post(f"/desk/posts/{post.id}/publication", data=form)
    assert answer.status_code == 303
    assert answer.location.startswith("/desk/posts")
    assert "\n" not in answer.location
    assert "X" not in answer.headers


def test_resumed_request_goes_to_the_desk(app: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    client = app.test_client()
    fields = {"kept-title": "x", "kept-csrf_token": "planted", "onward": "https://evil.example/collect"}
    page = sign_in(client, "ed@example.org", PASSWORD, **fields).text
    assert "evil.example" not in page
    assert 'action="/desk/"' in page


MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'
LINES = (
    "title",
    "author_name",
    "standfirst",
    "photo_alt",
    "photo_caption",
    "photo_credit",
    "source_name",
    "source_title",
)


def set_site(ed: FlaskClient, **fields: str) -> None:
    """Submit the settings form with these fields changed."""
    form = html.document_fromstring(ed.get("/desk/settings").text).xpath("//main//form")[0]
    ed.post("/desk/settings", data=dict(form.form_values()) | fields)


def places(client: FlaskClient, path: str) -> Iterator[str]:
    for address in ("/", path, "/desk/posts", "/desk/labels", "/desk/settings", "/desk/labels/1", "/desk/comments"):
        yield client.get(address).text


def test_fields_of_posts_labels_and_site_run_no_script(ed: FlaskClient) -> None:
    texts = dict.fromkeys(
        ("quote", "note", "body"), f"<p onclick=alert(1)>x</p><a href='javascript:alert(1)'>y</a>{MARKUP}"
    )
    fields = dict.fromkeys(LINES, MARKUP) | texts | {"label_names": MARKUP, "photo_url": "/static/img/icon.svg"}
    assert write(ed, then="publish", **fields).status_code == 303
    post = only_post()
    set_site(ed, title=MARKUP, tagline=MARKUP, note_label=MARKUP[:40])
    for text in places(ed, post.path or ""):
        page = html.document_fromstring(text)
        for element in page.xpath("//script[not(@type='application/ld+json')]"):
            assert element.get("src", "").startswith(("/static/", "https://cdn.jsdelivr.net/npm/htmx.org@")), text
        for element in page.iter():
            if isinstance(element.tag, str):
                assert not [name for name in element.attrib if name.startswith("on")]
                assert "javascript:" not in element.get("href", "")
        assert "49" not in page.xpath("string(//h1)")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source_url", "javascript:alert(1)"),
        ("source_url", "data:text/html,<script>alert(1)</script>"),
        ("photo_url", "javascript:alert(1)"),
        ("photo_url", "//evil.example/x.png"),
        ("photo_url", "/\\evil.example/x.png"),
        ("photo_url", 'https://example.org/x.png" onerror="alert(1)'),
    ],
)
def test_script_or_foreign_url_is_refused(ed: FlaskClient, field: str, value: str) -> None:
    refused = write(ed, title="x", **{field: value})
    assert refused.status_code == 422


@pytest.mark.parametrize("menu", ["Bad javascript:alert(1)", "Bad data:text/html,x", "Bad vbscript:x"])
def test_menu_refuses_script_urls(ed: FlaskClient, menu: str) -> None:
    set_site(ed, menu=menu)
    home = html.document_fromstring(ed.get("/").text)
    assert not [href for href in home.xpath("//a/@href") if not href.startswith(("/", "#", "http"))]


def test_host_header_is_not_reflected(client: FlaskClient) -> None:
    post = a_post()
    evil = {"base_url": "http://evil.example"}
    settings = client.application.config["SETTINGS"]
    client.application.config["SETTINGS"] = replace(settings, blog_url="https://blog.example.org")
    for path in ("/", post.path or "", "/nothing", "/desk/sign-in", "/desk/posts"):
        answer = client.get(path, **evil)
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(answer.headers)


def test_only_post_overrides_method(ed: FlaskClient) -> None:
    post = a_post()
    before = all_rows()
    for path in (f"/desk/posts/{post.id}/publication", f"/desk/posts/{post.id}/trash", "/desk/session"):
        assert ed.get(f"{path}?_method=DELETE").status_code in {404, 405}
    assert all_rows() == before
