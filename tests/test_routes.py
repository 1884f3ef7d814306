"""Every route of the app, and what becomes of it for nobody and for an editor. A route outside of the list fails."""

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
from blog.editors.models import AuditEntry
from blog.exchange.models import Import
from blog.media.keeping import keep
from tests.cast import a_comment, a_post, csrf, signed_in

SIGN_IN = 303
SHUT = 403
# what any reader may do who sends a token
FOR_READERS = ("agreement", "reports")

# method and rule: the status for nobody, for an editor; each sends a token that holds, and nothing else
ROUTES: dict[str, tuple[int, int]] = {
    "GET /": (200, 200),
    "GET /<int(fixed_digits=4):year>/": (200, 200),
    "GET /<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/": (200, 200),
    "GET /<path:path>": (200, 200),
    "GET /search/label/<path:name>": (200, 200),
    "GET /static/<path:name>": (200, 200),
    "GET /media/<path:name>": (200, 200),
    "GET /live": (204, 204),
    "GET /posts/<int:post_id>/live": (204, 204),
    "GET /posts/<int:post_id>/comments/token": (200, 200),
    "GET /posts/<int:post_id>/comments/new": (200, 200),
    "GET /posts/<int:post_id>/comments/<int:comment_id>": (302, 302),
    "POST /posts/<int:post_id>/comments/<int:comment_id>": (403, 403),
    "DELETE /posts/<int:post_id>/comments/<int:comment_id>": (403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/edit": (403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/removal": (403, 403),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/agreement/new": (200, 200),
    "POST /posts/<int:post_id>/comments/<int:comment_id>/agreement": (303, 303),
    "DELETE /posts/<int:post_id>/comments/<int:comment_id>/agreement": (303, 303),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/replies": (200, 200),
    "GET /posts/<int:post_id>/comments/<int:comment_id>/reports/new": (200, 200),
    "POST /posts/<int:post_id>/comments/<int:comment_id>/reports": (200, 200),
    "GET /posts/<int:post_id>/comments/mine": (200, 200),
    "GET /posts/<int:post_id>/comments/held": (200, 200),
    "GET /privacy": (200, 200),
    "GET /privacy/link/new": (409, 409),
    "POST /privacy/link": (409, 409),
    "GET /privacy/<token>": (410, 410),
    "GET /privacy/<token>/export": (410, 410),
    "GET /privacy/<token>/erasure/new": (410, 410),
    "POST /privacy/<token>/erasure": (410, 410),
    "GET /privacy/<token>/comments/<int:comment_id>/erasure/new": (410, 410),
    "POST /privacy/<token>/comments/<int:comment_id>/erasure": (410, 410),
    "POST /posts/<int:post_id>/comments": (422, 422),
    "POST /posts/<int:post_id>/comments/preview": (422, 422),
    "GET /mail": (404, 404),
    "POST /mail": (404, 404),
    "GET /mail/<token>": (404, 404),
    "DELETE /mail/<token>/follows": (404, 404),
    "DELETE /mail/<token>/follows/<int:follow_id>": (404, 404),
    "POST /mail/<token>/silence": (404, 404),
    "GET /mail/follows/<token>/confirmation": (404, 404),
    "POST /mail/follows/<token>/confirmation": (404, 404),
    "GET /mail/follows/<token>/end": (404, 404),
    "POST /mail/follows/<token>/end": (404, 404),
    "GET /desk/first-run/<token>": (404, 404),
    "POST /desk/first-run/<token>": (404, 404),
    "GET /desk/sign-in": (200, 303),
    "POST /desk/session": (422, 422),
    "DELETE /desk/session": (SHUT, 303),
    "GET /desk/": (SIGN_IN, 303),
    "GET /desk/password": (SIGN_IN, 200),
    "POST /desk/password": (SHUT, 422),
    "GET /desk/posts": (SIGN_IN, 200),
    "POST /desk/posts": (SHUT, 422),
    "GET /desk/pages": (SIGN_IN, 200),
    "GET /desk/posts/new": (SIGN_IN, 200),
    "POST /desk/posts/preview": (SHUT, 200),
    "GET /desk/posts/<int:post_id>": (SIGN_IN, 303),
    "POST /desk/posts/<int:post_id>": (SHUT, 409),
    "GET /desk/posts/<int:post_id>/edit": (SIGN_IN, 200),
    "POST /desk/posts/<int:post_id>/preview": (SHUT, 200),
    "POST /desk/posts/<int:post_id>/publication": (SHUT, 303),
    "DELETE /desk/posts/<int:post_id>/publication": (SHUT, 303),
    "POST /desk/posts/<int:post_id>/trash": (SHUT, 303),
    "DELETE /desk/posts/<int:post_id>/trash": (SHUT, 303),
    "GET /desk/labels": (SIGN_IN, 200),
    "GET /desk/labels/<int:label_id>": (SIGN_IN, 200),
    "POST /desk/labels/<int:label_id>": (SHUT, 422),
    "DELETE /desk/labels/<int:label_id>": (SHUT, 303),
    "GET /desk/comments": (SIGN_IN, 200),
    "GET /desk/comments/<int:comment_id>": (SIGN_IN, 200),
    "POST /desk/comments/<int:comment_id>/approval": (SHUT, 409),
    "POST /desk/comments/<int:comment_id>/hold": (SHUT, 303),
    "POST /desk/comments/<int:comment_id>/removal": (SHUT, 303),
    "POST /desk/comments/<int:comment_id>/spam": (SHUT, 303),
    "POST /desk/comments/decisions": (SHUT, 400),
    "GET /desk/comments/<int:comment_id>/answers/new": (SIGN_IN, 200),
    "POST /desk/comments/<int:comment_id>/answers": (SHUT, 422),
    "GET /desk/comments/<int:comment_id>/bans/new": (SIGN_IN, 200),
    "POST /desk/comments/<int:comment_id>/bans": (SHUT, 422),
    "GET /desk/comments/<int:comment_id>/erasure/new": (SIGN_IN, 200),
    "POST /desk/comments/<int:comment_id>/erasure": (SHUT, 303),
    "GET /desk/bans": (SIGN_IN, 200),
    "DELETE /desk/bans/<int:ban_id>": (SHUT, 303),
    "GET /desk/audit": (SIGN_IN, 200),
    "POST /desk/audit/<int:entry_id>/reversal": (SHUT, 303),
    "GET /desk/live": (SIGN_IN, 204),
    "GET /desk/settings": (SIGN_IN, 200),
    "POST /desk/settings": (SHUT, 422),
    "GET /desk/mail": (SIGN_IN, 200),
    "POST /desk/mail/tests": (SHUT, 409),
    "GET /desk/filter": (SIGN_IN, 200),
    "POST /desk/filter": (SHUT, 400),
    "POST /desk/mail/choice": (SHUT, 422),
    "GET /mail/decisions/<token>": (404, 404),
    "POST /mail/decisions/<token>": (404, 404),
    "GET /mail/reversals/<token>": (404, 404),
    "POST /mail/reversals/<token>": (404, 404),
    "GET /desk/imports": (SIGN_IN, 200),
    "POST /desk/imports": (SHUT, 422),
    "GET /desk/imports/<int:import_id>": (SIGN_IN, 200),
}


def rules(app: Flask) -> dict[str, str]:
    """Each route by its method and rule: the endpoint."""
    return {
        f"{method} {rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def everything_kept() -> list[Any]:
    """Every row of every table."""
    db.session.rollback()
    return [list(db.session.execute(select(table)).all()) for table in db.Model.metadata.sorted_tables]


def a_picture() -> str:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "PNG")
    return keep(file.getvalue()).removeprefix("/media/")


@pytest.fixture
def world(app: Flask) -> dict[str, Any]:
    """Something at every address: what the parts of the rules stand for."""
    post = a_post("Herons return", labels=("Birds",))
    assert post.published_at
    with writing():
        db.session.add(asked := Import(name="blog.xml"))
        db.session.add(ban := Ban(kind="domain", value="spam.example"))
        db.session.flush()
        db.session.add(entry := AuditEntry(verb="ban", after=f"{ban.id} {ban.created_at.isoformat()}"))
    return {
        "ban_id": ban.id,
        "entry_id": entry.id,
        "follow_id": 1,
        "import_id": asked.id,
        "post_id": post.id,
        "comment_id": a_comment(post).id,
        "label_id": post.labels[0].id,
        "path": (post.path or "")[1:],
        "year": post.published_at.year,
        "month": f"{post.published_at:%m}",
        "name": "Birds",
        "filename": "img/icon.svg",
        "token": "guess",
    }


def test_every_route_is_in_the_list(app: Flask) -> None:
    assert sorted(rules(app)) == sorted(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("signed", [False, True], ids=["nobody", "editor"])
def test_what_becomes_of_it(app: Flask, client: FlaskClient, world: dict[str, Any], route: str, signed: bool) -> None:
    ed = signed_in(app)
    visitor = ed if signed else client
    method, rule = route.split(" ", 1)
    if rule.startswith("/media/"):
        world["name"] = a_picture()
    if rule.startswith("/static/"):
        world["name"] = "img/icon.svg"
    address = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(world[part[1]]), rule)
    form = {"csrf_token": csrf(visitor, "/desk/password" if signed else "/desk/sign-in")} if method != "GET" else {}
    before = everything_kept()
    answer = visitor.open(
        address, method=method, data=form, query_string={"parent": world["comment_id"]}, buffered=True
    )
    assert answer.status_code == ROUTES[route][signed]
    if method == "GET" or not (signed or rule.endswith(FOR_READERS)):
        assert everything_kept() == before
    if answer.status_code == SIGN_IN and not signed and "/desk" in rule:
        assert answer.location.startswith("/desk/sign-in?next=")
