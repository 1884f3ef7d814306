"""Test that the log holds no personal data, text or token."""

from __future__ import annotations

import io
import json
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
from blog.logs import TIME_FORMAT, JSONFormatter, add_request_id
from blog.mail.sending import send_due_mails
from blog.posts.models import Post
from blog.site.models import HOLD_ALL, current_site
from tests.factories import HTMX, a_post, answer, csrf, sign_in, signed_in, token
from tests.mail.followers import LATER, link_in, mails_of_kind
from tests.mail.letters import mails
from tests.mail.post_office import PostOffice, post_office
from tests.posts.forms import open_form, write

ADDRESS = "198.51.100.77"
EMAIL, NAME, WEBSITE = "zqann@zqmail.example", "Zqann Smith", "https://zqsite.example/"
BODY, PASSWORD, ED = "Zqbody is what I saw.", "zqpassword of Ed", "ed@example.org"
SECRETS = (ADDRESS, "zq", ED, "a sentence to remember", "example.org")


@pytest.fixture
def mail_server(app: Flask) -> Iterator[PostOffice]:
    with post_office() as mail_server:
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], **mail_server.settings)
        yield mail_server


@pytest.fixture(autouse=True)
def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, logger="blog.requests")  # commands of other tests set it too


def secrets_in(log: str, *more: str) -> list[str]:
    return [secret for secret in (*SECRETS, *more) if secret and secret.lower() in log.lower()]


def links() -> list[str]:
    """Return the tokens of all links in mails."""
    found = [re.findall(r"/(?:mail|privacy)/(?:\w+/)?([\w.-]{30,})", mail.text) for mail in mails()]
    return [token for tokens in found for token in tokens]


def reader_client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    return client


def send(app: Flask, at: datetime) -> None:
    """Send mail like the background thread, in another database session."""
    with app.app_context():
        send_due_mails(at=at)


def read_and_write(app: Flask, post: Post) -> FlaskClient:
    client = reader_client(app)
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


def test_usual_operations_log_no_personal_data(
    app: Flask, mail_server: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    ed, post = signed_in(app), a_post("Zqpost")
    reader = read_and_write(app, post)
    sign_in(reader_client(app), ED, PASSWORD)
    sign_in(reader_client(app), EMAIL, PASSWORD)
    while send_next_confirmation():
        pass
    mail_server.answers["RCPT"] = [f"450 later, {EMAIL}", f"550 no {EMAIL} here", f"421 away {EMAIL}"]
    send(app, now())
    reader.post(link_in(mails_of_kind("confirm")[0], "confirmation"))
    with writing():
        current_site().comment_rule = HOLD_ALL
    answer(reader_client(app), post, f"{BODY} Held.", email=EMAIL)
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


def test_exception_is_logged_without_its_values(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(draft: Any, *_: object) -> None:
        try:
            int(draft.email)
        except ValueError as error:
            raise RuntimeError(f"{draft.name} wrote {draft.body}") from error

    monkeypatch.setattr("blog.comments.routes.post_comment", fail)
    response = answer(reader_client(app), a_post(), BODY, name=NAME, email=EMAIL)
    assert response.status_code == 500
    for part in ("A request failed", "builtins.ValueError", "builtins.RuntimeError", "int(draft.email)"):
        assert part in caplog.text
    assert secrets_in(caplog.text) == []


def test_conflicting_row_is_not_logged(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def collide(*_: object) -> None:
        with writing():
            for _number in range(2):
                db.session.add(Editor(email=EMAIL, name=NAME, role=OWNER, password_hash="x"))

    monkeypatch.setattr("blog.comments.routes.post_comment", collide)
    assert answer(reader_client(app), a_post(), BODY, name=NAME, email=EMAIL).status_code in {500, 503}
    assert "IntegrityError" in caplog.text
    assert secrets_in(caplog.text) == []


def test_database_messages_about_itself_are_logged(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OperationalError(f"INSERT {BODY}", {"email": EMAIL}, Exception(f"the disk is full\nDETAIL: {EMAIL}"))

    monkeypatch.setattr("blog.comments.routes.post_comment", full)
    assert answer(reader_client(app), a_post(), BODY, name=NAME, email=EMAIL).status_code == 503
    assert "the disk is full" in caplog.text
    assert secrets_in(caplog.text) == []


def test_requests_are_logged_by_route(app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    post = a_post("Zqherons return")
    client.get(post.path + "?zq=1")
    client.get("/search/label/zqnone")
    client.post(f"/posts/{post.id}/comments", data={"body": BODY})
    lines = [record.getMessage() for record in caplog.records if record.name == "blog.requests"]
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in lines] == [
        "GET /<path:path> 200",
        "GET /search/label/<label:name> 404",
        "POST /posts/<int:post_id>/comments 200",
    ]
    assert not secrets_in(caplog.text)


def test_json_lines_hold_the_fields_of_a_request(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/desk/zq")
    record = next(record for record in caplog.records if record.name == "blog.requests")
    add_request_id(record)
    line = json.loads(JSONFormatter(datefmt=TIME_FORMAT).format(record))
    assert (line["level"], line["method"], line["status"]) == ("INFO", "GET", record.status)
    assert line["route"] in {"-", "/<path:path>"}
    assert isinstance(line["milliseconds"], float)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"])


def test_json_line_of_an_error_has_no_values(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(BODY)
    except ValueError:
        logging.getLogger("blog").warning("It failed.\nAgain.", exc_info=True)
    formatted = JSONFormatter(datefmt=TIME_FORMAT).format(caplog.records[-1])
    assert "\n" not in formatted
    assert json.loads(formatted)["error"].endswith("ValueError")
    assert not secrets_in(formatted)
