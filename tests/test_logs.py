"""The log holds no address, name, mail, text or token, whatever was done and whatever failed."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from blog.comments.followers.notifications import send_next_digest as write_notices
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.moderation.alerts import alert_editors
from blog.db import db, now, writing
from blog.editors.models import OWNER, Editor
from blog.mail.sending import send_waiting
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, current_site
from tests.factories import HTMX, a_post, answer, csrf, sign_in, signed_in, token
from tests.mail.followers import LATER, link, of_kind
from tests.mail.letters import mails
from tests.mail.post_office import PostOffice, post_office
from tests.posts.forms import open_form, write

ADDRESS = "198.51.100.77"
EMAIL, NAME, WEBSITE = "zqann@zqmail.example", "Zqann Smith", "https://zqsite.example/"
BODY, PASSWORD, ED = "Zqbody is what I saw.", "zqpassword of Ed", "ed@example.org"
SECRETS = (ADDRESS, "zq", ED, "a sentence to remember", "example.org")


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    with post_office() as office:
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], **office.settings)
        yield office


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def secrets_in(log: str, *more: str) -> list[str]:
    return [secret for secret in (*SECRETS, *more) if secret and secret.lower() in log.lower()]


def links() -> list[str]:
    """The tokens of all links in all mails."""
    found = [re.findall(r"/(?:mail|privacy)/(?:\w+/)?([\w.-]{30,})", mail.text) for mail in mails()]
    return [token for tokens in found for token in tokens]


def a_reader(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    return client


def send(app: Flask, at: datetime) -> None:
    """As the thread beside the server does, which has a database session of its own."""
    with app.app_context():
        send_waiting(at=at)


def read_and_write(app: Flask, post: Post) -> FlaskClient:
    client = a_reader(app)
    for path in ("/", post.path or "", "/nothing-zq", "/search/label/zq", "/posts/1/comments/zq"):
        client.get(path)
    who = {"name": NAME, "email": EMAIL, "website": WEBSITE}
    answer(client, post, BODY, follow="thread", **who)
    answer(client, post, "", **who)
    answer(client, post, f"{BODY} Again.", htmx=False, email="zq@")
    client.post(f"/posts/{post.id}/comments/1", data=token(client, post) | {"body": f"{BODY} Changed."}, headers=HTMX)
    client.post(f"/posts/{post.id}/comments/1/reports", data=token(client, post) | {"reason": "Zqreason"})
    client.post(f"/posts/{post.id}/comments/1/agreement", data=token(client, post))
    client.post("/privacy/link", data={"csrf_token": csrf(client, "/privacy/link/new"), "email": EMAIL})
    client.post("/mail", data={"csrf_token": csrf(client, "/mail"), "email": EMAIL})
    return client


def edit_and_decide(ed: FlaskClient, post: Post) -> None:
    form = {"csrf_token": csrf(ed, "/desk/password")}
    for noun in ("hold", "approval", "spam", "removal"):
        ed.post(f"/desk/comments/1/{noun}", data=form | {"why": "Zqwhy"})
    ed.post("/desk/comments/1/bans", data=form | {"choices": ["email", "address"], "reason": "Zqban"})
    ed.post("/desk/comments/1/answers", data=form | {"body": "Zqanswer"})
    write(ed, title="Zqtitle", body="<p>Zqtext</p>", then="publish", label_names="Zqlabel")
    broken = open_form(ed, post) | {"title": "Zqphoto", "photo_file": (io.BytesIO(b"\xff\xd8zq"), "zq.jpg")}
    ed.post(f"/desk/posts/{post.id}", data=broken, content_type="multipart/form-data")
    ed.post("/desk/settings", data=form | {"title": "Zqblog", "muted": "zq[", "csrf_token": "zqtoken"})
    ed.post("/desk/password", data=form | {"current": PASSWORD, "password": PASSWORD, "again": "zqother"})
    ed.post("/desk/imports", data=form | {"file": (io.BytesIO(b"<zq"), "zq.xml")}, content_type="multipart/form-data")


def test_the_main_acts_leave_nothing_in_the_log(
    app: Flask, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    ed, post = signed_in(app), a_post("Zqpost")
    reader = read_and_write(app, post)
    sign_in(a_reader(app), ED, PASSWORD)
    sign_in(a_reader(app), EMAIL, PASSWORD)
    while send_next_confirmation():
        pass
    office.answers["RCPT"] = [f"450 later, {EMAIL}", f"550 no {EMAIL} here", f"421 away {EMAIL}"]
    send(app, now())
    reader.post(link(of_kind("confirm")[0], "confirmation"))
    with writing():
        current_site().comment_rule = HOLD_ALL
    answer(a_reader(app), post, f"{BODY} Held.", email=EMAIL)
    alert_editors()
    write_notices(now() + LATER)
    for path in re.findall(r"http://localhost(/\S*)|https://[^/]*(/(?:mail|privacy)/\S*)", mails()[0].text):
        reader.get(path[0] or path[1])
    send(app, now() + LATER)
    edit_and_decide(ed, post)
    ed.delete("/desk/session", data={"csrf_token": csrf(ed, "/desk/password")})
    cookies = [cookie.value for client in (reader, ed) for cookie in client._cookies.values()]  # type: ignore[union-attr]
    assert len(links()) > 3
    assert secrets_in(caplog.text, *links(), *cookies) == []


def test_a_fault_is_logged_without_what_its_message_repeats(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(draft: Any, *_: object) -> None:
        try:
            int(draft.email)
        except ValueError as error:
            raise RuntimeError(f"{draft.name} wrote {draft.body}") from error

    monkeypatch.setattr("blog.comments.routes.post_comment", fail)
    given = answer(a_reader(app), a_post(), BODY, name=NAME, email=EMAIL)
    assert given.status_code == 500
    for part in ("A request failed", "builtins.ValueError", "builtins.RuntimeError", "int(draft.email)"):
        assert part in caplog.text
    assert secrets_in(caplog.text) == []


def test_a_row_that_collides_is_not_named(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def collide(*_: object) -> None:
        with writing():
            for _number in range(2):
                db.session.add(Editor(email=EMAIL, name=NAME, role=OWNER, password_hash="x"))

    monkeypatch.setattr("blog.comments.routes.post_comment", collide)
    assert answer(a_reader(app), a_post(), BODY, name=NAME, email=EMAIL).status_code in {500, 503}
    assert "IntegrityError" in caplog.text
    assert secrets_in(caplog.text) == []


def test_what_the_database_says_of_itself_is_kept(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OperationalError(f"INSERT {BODY}", {"email": EMAIL}, Exception(f"the disk is full\nDETAIL: {EMAIL}"))

    monkeypatch.setattr("blog.comments.routes.post_comment", full)
    assert answer(a_reader(app), a_post(), BODY, name=NAME, email=EMAIL).status_code == 503
    assert "the disk is full" in caplog.text
    assert secrets_in(caplog.text) == []
