"""List every route with its status for visitors, editors and owners."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from blog.comments.models import Ban
from blog.db import db, writing
from blog.editors import roles
from blog.editors.accounts import add_editor, remove_editor, sign_out
from blog.editors.models import EDITOR, OWNER, AuditEntry
from blog.editors.roles import ACCESS, EVERYBODY
from blog.importing.models import Import
from blog.media.library import save_picture
from tests.factories import a_comment, a_post, add_session, csrf, signed_in
from tests.postgres.databases import on_sqlite

PASSWORD = "a sentence to remember"
SIGN_IN = 303
REFUSED = 403
OWNERS = 403
# readers with a CSRF token may do these
FOR_READERS = ("agreement", "reports")

DAY = "<int(fixed_digits=4):year>_<int(fixed_digits=2):month>_<int(fixed_digits=2):day>"
# method and rule: status for a visitor, an editor and an owner, each with a valid token and an empty form
ROUTES: dict[str, tuple[int, int, int]] = {
    "GET /": (200, 200, 200),
    "GET /<int(fixed_digits=4):year>/": (200, 200, 200),
    "GET /<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/": (200, 200, 200),
    "GET /<path:path>": (200, 200, 200),
    "GET /search/label/<label:name>": (200, 200, 200),
    "GET /feeds/posts/<any(default,full,summary):form>": (200, 200, 200),
    "GET /feeds/posts/<any(default,full,summary):form>/-/<label:name>": (200, 200, 200),
    "GET /feeds/authors/<label:name>": (404, 404, 404),
    "GET /feeds/comments/<any(default,full,summary):form>": (200, 200, 200),
    "GET /feeds/<post_id>/comments/<any(default,full,summary):form>": (200, 200, 200),
    "GET /atom.xml": (301, 301, 301),
    "GET /rss.xml": (301, 301, 301),
    "GET /subscribe": (200, 200, 200),
    "GET /search": (301, 301, 301),
    "GET /robots.txt": (200, 200, 200),
    "GET /sitemap.xml": (200, 200, 200),
    "GET /sitemap-pages.xml": (200, 200, 200),
    "GET /news-sitemap.xml": (200, 200, 200),
    "GET /.well-known/security.txt": (404, 404, 404),
    "GET /.well-known/change-password": (302, 302, 302),
    "GET /index.html": (301, 301, 301),
    f"GET /{DAY}_archive.html": (301, 301, 301),
    f"GET /{DAY}_<name>_archive.html": (301, 301, 301),
    f"GET /archives/{DAY}_archive.html": (301, 301, 301),
    "GET /search/author/<label:author>": (200, 200, 200),
    "GET /archive": (200, 200, 200),
    "GET /archive/<int(fixed_digits=4):year>": (200, 200, 200),
    "GET /archive/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>": (200, 200, 200),
    "GET /archive/labels": (200, 200, 200),
    "GET /archive/authors": (200, 200, 200),
    "GET /media/<path:name>": (200, 200, 200),
    "GET /live": (204, 204, 204),
    "GET /posts/<int:post_id>/live": (204, 204, 204),
    "GET /posts/<int:post_id>/comments/token": (200, 200, 200),
    "GET /posts/<int:post_id>/comments/new": (200, 200, 200),
    "GET /posts/<int:post_id>/comments/<int:comment_id>": (302, 302, 302),
    "POST /posts/<int:post_id>/comments/<int:comment_id>": (403, 403, 403),
    "DELETE /posts/<int:post_id>/comments/<int:comment_id>": (403, 403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/edit": (403, 403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/removal": (403, 403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/agreement/new": (200, 200, 200),
    "POST /posts/<int:post_id>/comments/<int:comment_id>/agreement": (303, 303, 303),
    "DELETE /posts/<int:post_id>/comments/<int:comment_id>/agreement": (303, 303, 303),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/reports/new": (200, 200, 200),
    "POST /posts/<int:post_id>/comments/<int:comment_id>/reports": (200, 200, 200),
    "GET /static/<path:name>": (200, 200, 200),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/replies": (200, 200, 200),
    "GET /posts/<int:post_id>/comments/mine": (200, 200, 200),
    "GET /posts/<int:post_id>/comments/held": (200, 200, 200),
    "GET /privacy": (200, 200, 200),
    "GET /oembed": (404, 404, 404),
    "GET /license.xml": (404, 404, 404),
    "GET /privacy/link/new": (409, 409, 409),
    "POST /privacy/link": (409, 409, 409),
    "GET /privacy/<token>": (410, 410, 410),
    "GET /privacy/<token>/export": (410, 410, 410),
    "GET /privacy/<token>/erasure/new": (410, 410, 410),
    "POST /privacy/<token>/erasure": (410, 410, 410),
    "GET /privacy/<token>/comments/<int:comment_id>/erasure/new": (410, 410, 410),
    "POST /privacy/<token>/comments/<int:comment_id>/erasure": (410, 410, 410),
    "POST /posts/<int:post_id>/comments": (422, 422, 422),
    "POST /posts/<int:post_id>/comments/preview": (422, 422, 422),
    "GET /mail": (404, 404, 404),
    "POST /mail": (404, 404, 404),
    "GET /mail/<token>": (404, 404, 404),
    "DELETE /mail/<token>/follows": (404, 404, 404),
    "DELETE /mail/<token>/follows/<int:follow_id>": (404, 404, 404),
    "POST /mail/<token>/silence": (404, 404, 404),
    "GET /mail/follows/<token>/confirmation": (404, 404, 404),
    "POST /mail/follows/<token>/confirmation": (404, 404, 404),
    "GET /mail/follows/<token>/end": (404, 404, 404),
    "POST /mail/follows/<token>/end": (404, 404, 404),
    "GET /desk/first-run/<token>": (404, 404, 404),
    "POST /desk/first-run/<token>": (404, 404, 404),
    "GET /desk/sign-in": (200, 303, 303),
    "POST /desk/session": (422, 422, 422),
    "DELETE /desk/session": (REFUSED, 303, 303),
    "GET /desk/": (303, 200, 200),
    "GET /desk/password": (SIGN_IN, 200, 200),
    "POST /desk/password": (REFUSED, 422, 422),
    "GET /desk/posts": (SIGN_IN, 200, 200),
    "POST /desk/posts": (REFUSED, 422, 422),
    "GET /desk/pages": (SIGN_IN, 200, 200),
    "GET /desk/posts/new": (SIGN_IN, 200, 200),
    "POST /desk/posts/preview": (REFUSED, 200, 200),
    "GET /desk/posts/<int:post_id>": (SIGN_IN, 303, 303),
    "POST /desk/posts/<int:post_id>": (REFUSED, 409, 409),
    "GET /desk/posts/<int:post_id>/edit": (SIGN_IN, 200, 200),
    "POST /desk/posts/<int:post_id>/preview": (REFUSED, 200, 200),
    "POST /desk/posts/<int:post_id>/publication": (REFUSED, 303, 303),
    "DELETE /desk/posts/<int:post_id>/publication": (REFUSED, 303, 303),
    "POST /desk/posts/<int:post_id>/trash": (REFUSED, 303, 303),
    "DELETE /desk/posts/<int:post_id>/trash": (REFUSED, 303, 303),
    "GET /desk/labels": (SIGN_IN, 200, 200),
    "GET /desk/labels/<int:label_id>": (SIGN_IN, 200, 200),
    "POST /desk/labels/<int:label_id>": (REFUSED, 422, 422),
    "DELETE /desk/labels/<int:label_id>": (REFUSED, 303, 303),
    "GET /desk/comments": (SIGN_IN, 200, 200),
    "GET /desk/comments/<int:comment_id>": (SIGN_IN, 200, 200),
    "POST /desk/comments/<int:comment_id>/approval": (REFUSED, 409, 409),
    "POST /desk/comments/<int:comment_id>/hold": (REFUSED, 303, 303),
    "POST /desk/comments/<int:comment_id>/removal": (REFUSED, 303, 303),
    "POST /desk/comments/<int:comment_id>/spam": (REFUSED, 303, 303),
    "POST /desk/comments/decisions": (REFUSED, 400, 400),
    "GET /desk/comments/<int:comment_id>/answers/new": (SIGN_IN, 200, 200),
    "POST /desk/comments/<int:comment_id>/answers": (REFUSED, 422, 422),
    "GET /desk/comments/<int:comment_id>/bans/new": (SIGN_IN, 200, 200),
    "POST /desk/comments/<int:comment_id>/bans": (REFUSED, 422, 422),
    "GET /desk/comments/<int:comment_id>/erasure/new": (SIGN_IN, 200, 200),
    "POST /desk/comments/<int:comment_id>/erasure": (REFUSED, 303, 303),
    "GET /desk/bans": (SIGN_IN, 200, 200),
    "DELETE /desk/bans/<int:ban_id>": (REFUSED, 303, 303),
    "GET /desk/audit": (SIGN_IN, OWNERS, 200),
    "POST /desk/audit/<int:entry_id>/reversal": (REFUSED, 303, 303),
    "GET /desk/live": (SIGN_IN, 204, 204),
    "GET /desk/settings": (SIGN_IN, OWNERS, 200),
    "POST /desk/settings": (REFUSED, OWNERS, 422),
    "GET /desk/settings/icon": (SIGN_IN, OWNERS, 200),
    "POST /desk/settings/icon": (REFUSED, OWNERS, 422),
    "DELETE /desk/settings/icon": (REFUSED, OWNERS, 303),
    "GET /manifest.webmanifest": (200, 200, 200),
    "GET /favicon.ico": (200, 200, 200),
    "GET /icons/<digest>/<name>": (404, 404, 404),
    "GET /desk/mail": (SIGN_IN, 200, 200),
    "POST /desk/mail/tests": (REFUSED, OWNERS, 409),
    "GET /desk/jobs": (SIGN_IN, OWNERS, 200),
    "GET /desk/filter": (SIGN_IN, OWNERS, 200),
    "POST /desk/filter": (REFUSED, OWNERS, 400),
    "POST /desk/mail/choice": (REFUSED, 422, 422),
    "GET /mail/decisions/<token>": (404, 404, 404),
    "POST /mail/decisions/<token>": (404, 404, 404),
    "GET /mail/reversals/<token>": (404, 404, 404),
    "POST /mail/reversals/<token>": (404, 404, 404),
    "GET /desk/mail/outbox": (SIGN_IN, OWNERS, 303),
    "GET /desk/sign-in/<token>": (404, 404, 404),
    "POST /desk/sign-in/<token>": (404, 404, 404),
    "GET /desk/password/<token>": (404, 404, 404),
    "POST /desk/password/<token>": (404, 404, 404),
    "GET /desk/editors": (SIGN_IN, OWNERS, 200),
    "POST /desk/editors": (REFUSED, OWNERS, 422),
    "GET /desk/editors/<int:editor_id>": (SIGN_IN, OWNERS, 200),
    "DELETE /desk/editors/<int:editor_id>": (REFUSED, OWNERS, 303),
    "GET /desk/editors/<int:editor_id>/removal/new": (SIGN_IN, OWNERS, 200),
    "POST /desk/editors/<int:editor_id>/role": (REFUSED, OWNERS, 422),
    "POST /desk/editors/<int:editor_id>/links": (REFUSED, OWNERS, 200),
    "DELETE /desk/editors/<int:editor_id>/sessions": (REFUSED, OWNERS, 303),
    "GET /desk/imports": (SIGN_IN, OWNERS, 200),
    "POST /desk/imports": (REFUSED, OWNERS, 422),
    "GET /desk/imports/<int:import_id>": (SIGN_IN, OWNERS, 200),
}


def rules(app: Flask) -> dict[str, str]:
    """Return the endpoint of each method and rule."""
    return {
        f"{method} {rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def all_rows() -> list[Any]:
    """Return every row of every table."""
    db.session.rollback()
    return [list(db.session.execute(select(table)).all()) for table in db.Model.metadata.sorted_tables]


def a_picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "PNG")
    return save_picture(file.getvalue()).removeprefix("/media/")


@pytest.fixture
def route_values(app: Flask) -> dict[str, Any]:
    """Create a record for every route; return the values of its parts."""
    post = a_post("Herons return", labels=("Birds",), author_name="Ann")
    assert post.published_at
    with writing():
        db.session.add(pending := Import(name="blog.xml"))
        db.session.add(ban := Ban(kind="domain", value="spam.example"))
        db.session.flush()
        db.session.add(entry := AuditEntry(verb="ban", after=f"{ban.id} {ban.created_at.isoformat()}"))
    return {
        "ban_id": ban.id,
        "editor_id": add_editor("cy@example.org", "Cy", OWNER, PASSWORD).id,
        "entry_id": entry.id,
        "follow_id": 1,
        "import_id": pending.id,
        "post_id": post.id,
        "comment_id": a_comment(post).id,
        "label_id": post.labels[0].id,
        "path": (post.path or "")[1:],
        "year": post.published_at.year,
        "month": f"{post.published_at:%m}",
        "day": "01",
        "name": "Birds",
        "form": "default",
        "author": "Ann",
        "digest": "0" * 40,
        "filename": "img/icon.svg",
        "token": "guess",
    }


def browser_of(app: Flask, who: str) -> tuple[FlaskClient, str]:
    """Return a client and its CSRF token."""
    browser = signed_in(app) if who == "owner" else app.test_client()
    if who in {"editor", "removed", "signed out"}:
        bea = add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
        add_session(browser, bea)
    form_token = csrf(browser, "/desk/sign-in" if who == "nobody" else "/desk/password")
    if who == "removed":
        remove_editor(bea)
    elif who == "signed out":
        sign_out(bea)
    return browser, form_token


def test_every_route_is_listed(app: Flask) -> None:
    assert sorted(rules(app)) == sorted(ROUTES)


def test_every_desk_route_has_an_access_rule(app: Flask) -> None:
    assert {name for route, name in rules(app).items() if " /desk" in route} == ACCESS.keys()
    for route, name in rules(app).items():
        nobody, editor, _owner = ROUTES[route]
        if name in ACCESS:
            assert (nobody in {SIGN_IN, REFUSED}) == (ACCESS[name] != EVERYBODY), route
            assert (editor == 403) == (ACCESS[name] == roles.OWNERS), route


def test_desk_route_without_access_rule_is_closed(app: Flask) -> None:
    ed = signed_in(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(ACCESS, "posts_desk.index")
        assert ed.get("/desk/posts").status_code == 403
        assert app.test_client().get("/desk/posts").status_code == SIGN_IN


# former editors are visitors on public pages, so only desk routes are tested with them
CASES = [(who, route) for who in ("nobody", "editor", "owner") for route in ROUTES]
CASES += [(who, route) for who in ("removed", "signed out") for route in ROUTES if " /desk" in route]


@on_sqlite  # the tests of each view run on both
@pytest.mark.parametrize(("who", "route"), CASES)
def test_route_answers_with_the_listed_status(app: Flask, route_values: dict[str, Any], route: str, who: str) -> None:
    browser, form_token = browser_of(app, who)
    method, rule = route.split(" ", 1)
    if rule.startswith("/media/"):
        route_values["name"] = a_picture()
    if rule.startswith("/static/"):
        route_values["name"] = "img/icon.svg"
    address = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(route_values[part[1]]), rule)
    before = all_rows()
    answer = browser.open(
        address,
        method=method,
        data={"csrf_token": form_token} if method != "GET" else {},
        query_string={"parent": route_values["comment_id"]},
        buffered=True,
    )
    expected = ROUTES[route][{"editor": 1, "owner": 2}.get(who, 0)]
    assert answer.status_code == expected
    open_to_all = rule.endswith(FOR_READERS)
    if method == "GET" or expected in {REFUSED, OWNERS} or (who == "nobody" and not open_to_all):
        assert all_rows() == before
    if answer.status_code == SIGN_IN and who not in {"editor", "owner"} and "/desk" in rule:
        assert answer.location.startswith("/desk/sign-in?next=")
    if answer.status_code == OWNERS and who == "editor" and " /desk" in route:
        assert "Only an owner" in answer.text
