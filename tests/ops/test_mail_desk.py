from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from blog.db import writing
from blog.mail.rendering import absolute_url, render_mail
from blog.mail.sending import send_due_mails
from blog.site.models import current_site
from tests.factories import csrf, signed_in
from tests.live_server import free_port
from tests.mail.letters import create_mail, mails
from tests.mail.post_office import PostOffice, post_office
from tests.postgres.databases import on_sqlite

pytestmark = on_sqlite

PASSWORD = "open sesame"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


def sends_by(app: Flask, office: PostOffice, **more: object) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **{**office.settings, **more})


def test_the_desk_sends_no_mail_without_settings(app: Flask) -> None:
    ed = signed_in(app)
    page = ed.get("/desk/mail").text
    assert "Mail is not set up" in page
    assert "Send me a test mail" not in page
    answer = ed.post("/desk/mail/tests", data={"csrf_token": csrf(ed, "/desk/password")})
    assert answer.status_code == 409
    assert "no test mail can be sent" in answer.text
    assert mails() == []


def test_an_editor_sends_a_test_mail_and_sees_its_result(app: Flask, office: PostOffice) -> None:
    sends_by(app, office, smtp_user="blog", smtp_password=PASSWORD, smtp_host="localhost")
    office.password = PASSWORD
    ed = signed_in(app)
    assert ed.post("/desk/mail/tests", data={"csrf_token": csrf(ed, "/desk/mail")}).location == "/desk/mail"
    page = ed.get("/desk/mail").text
    assert "1 mail is waiting" in page
    assert "being sent" in page
    assert 'hx-trigger="every' in page
    send_due_mails()
    assert office.recipients == ["ed@example.org"]
    page = ed.get("/desk/mail/outbox", headers={"HX-Request": "true"}).text
    assert "The mail server accepted your test mail" in page
    assert "hx-trigger" not in page
    assert "No mail is waiting." in page
    assert "1 was sent in the last day." in page
    page = ed.get("/desk/mail").text
    assert "localhost" in page
    assert PASSWORD not in page


def test_the_desk_lists_failed_and_abandoned_mails(app: Flask, office: PostOffice) -> None:
    sends_by(app, office)
    office.answers = {"RCPT": ["550 5.1.1 no such reader <b>"]}
    create_mail("nobody@example.org", "A subject & more")
    send_due_mails()
    office.close()
    create_mail()
    send_due_mails()
    page = signed_in(app).get("/desk/mail").text
    assert "nobody@example.org" in page
    assert "A subject &amp; more" in page
    assert "550 5.1.1 no such reader &lt;b&gt;" in page
    assert "cannot be reached" in page
    assert "1 mail is waiting" in page


def test_the_desk_shows_an_exhausted_quota(app: Flask, office: PostOffice) -> None:
    sends_by(app, office, mail_per_hour=1)
    create_mail()
    create_mail()
    send_due_mails()
    assert "The limit is reached." in signed_in(app).get("/desk/mail").text


def test_a_mail_contains_the_escaped_site_title(app: Flask, office: PostOffice) -> None:
    sends_by(app, office)
    with writing():
        current_site().title = "Tom & <Jerry>"
    subject, text, html = render_mail("test")
    assert subject == "Mail from Tom & <Jerry> works"
    assert text.startswith("This is a test.")
    assert "-- \nTom & <Jerry>\nhttps://blog.example.org/\n" in text
    assert "Tom &amp; &lt;Jerry&gt;" in html
    assert "<Jerry>" not in html
    assert absolute_url("/p/about.html") == "https://blog.example.org/p/about.html"
    assert "<img" not in html


def test_addresses_in_mail_never_come_from_the_request(app: Flask, office: PostOffice) -> None:
    sends_by(app, office)
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        assert "evil.example" not in "".join(render_mail("test"))


def run(app: Flask, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["mail", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_the_command_sends_a_test_mail_at_once(app: Flask, office: PostOffice) -> None:
    sends_by(app, office)
    status, output = run(app, "test", "ann@example.org")
    assert (status, output.count("\n")) == (0, 1)
    assert "accepted a test mail for ann@example.org" in output
    assert office.recipients == ["ann@example.org"]
    assert mails() == []


def test_the_command_explains_failures_in_one_sentence(app: Flask, office: PostOffice) -> None:
    status, output = run(app, "test", "ann@example.org")
    assert (status, "Mail is not set up" in output) == (2, True)
    sends_by(app, office)
    assert run(app, "test", "ann")[0] == 2
    office.answers = {"RCPT": ["550 5.1.1 no such reader"]}
    status, output = run(app, "test", "ann@example.org")
    assert status == 2
    assert "550 5.1.1 no such reader" in output
    sends_by(app, office, smtp_port=free_port(), smtp_user="blog", smtp_password=PASSWORD)
    status, output = run(app, "test", "ann@example.org")
    assert (status, output.count("\n")) == (2, 1)
    assert "look at SMTP_HOST" in output
    assert PASSWORD not in output


def test_the_command_sends_waiting_mail(app: Flask, office: PostOffice) -> None:
    assert run(app, "send")[0] == 2
    sends_by(app, office)
    create_mail()
    assert run(app, "send") == (0, "")
    assert office.recipients == ["ann@example.org"]
    office.close()
    create_mail()
    assert run(app, "send")[0] == 2
