from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from blog.mail import smtp
from blog.mail.messages import POLICY, UTF8_POLICY, build_message
from blog.mail.outbox import new_mail
from blog.mail.smtp import NotSent, send
from blog.settings import Settings
from tests.live_server import free_port
from tests.mail.post_office import CERTIFICATE, Delivery, PostOffice, post_office
from tests.postgres.databases import on_sqlite

pytestmark = on_sqlite

PASSWORD = "open sesame"


def send_mail(settings: Settings, to: str = "ann@example.org", **mail: Any) -> None:
    fields = {"subject": "Somebody answered", "text": "Hello.\n", "html": "<p>Hello.</p>", "kind": "answer"} | mail
    send(settings, new_mail(to, **fields), "The Herald")


def send_and_receive(office: PostOffice, settings: Settings, *args: Any, **mail: Any) -> Delivery:
    send_mail(settings, *args, **mail)
    return office.deliveries[-1]


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the test server's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def test_message_has_both_bodies_and_the_expected_headers(app: Flask, settings: Settings, office: PostOffice) -> None:
    delivery = send_and_receive(office, settings, text="Grüße\n.\n..\nEnde\n", html="<p>Grüße</p>")
    message = delivery.message
    assert (delivery.sender, delivery.recipient) == ("blog@example.org", "ann@example.org")
    assert (message["From"], message["To"]) == ("The Herald <blog@example.org>", "ann@example.org")
    assert message["Subject"] == "Somebody answered"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@blog.example.org>")
    assert message["Date"]
    assert delivery.content.isascii()
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert html
    assert plain.get_content().splitlines() == ["Grüße", ".", "..", "Ende"]
    assert html.get_content().strip() == "<p>Grüße</p>"


@pytest.mark.parametrize("recipient", ["ann@example.org", "jürgen@example.org"])
@pytest.mark.parametrize("text", ["From me\n.\n..\n.end\n", f"From me\n.\n{'word ' * 400}\n", "From me\n.\nGrüße\n"])
def test_message_is_transmitted_byte_for_byte(
    app: Flask, settings: Settings, office: PostOffice, recipient: str, text: str
) -> None:
    policy = POLICY if recipient.isascii() else UTF8_POLICY
    office.offers = ("8BITMIME", "SMTPUTF8", "SIZE 1000000")
    mail = new_mail(recipient, "Größe", text, "<p>\nFrom me\n.\n</p>", "answer", headers={"Reply-To": "Bob <b@x.org>"})
    send(settings, mail, "The Herald")
    content, expected = office.deliveries[0].content, build_message(settings, mail, "The Herald")
    expected.set_boundary(office.deliveries[0].message.get_boundary() or "")
    assert content == expected.as_bytes(policy=policy)
    assert b"\r\nFrom me\r\n" in content
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    office.wait_for_quit()
    assert [command.split()[0] for command in office.commands] == ["ehlo", "mail", "rcpt", "data", "quit"]


def test_long_list_headers_are_not_folded(app: Flask, settings: Settings, office: PostOffice) -> None:
    address = f"<https://blog.example.org/subscriptions/{'a' * 150}/end>"
    headers = {"List-Unsubscribe": address, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    delivery = send_and_receive(
        office, settings, subject="Störche " * 30, headers={**headers, "Reply-To": "Bob <b@x.org>"}
    )
    assert f"List-Unsubscribe: {address}\r\n".encode() in delivery.content
    assert delivery.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert delivery.message["Reply-To"] == "Bob <b@x.org>"
    assert delivery.message["Subject"] == ("Störche " * 30).strip()
    assert max(len(line) for line in delivery.content.splitlines() if b"List-Un" not in line) <= 78


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\ud800"])
def test_line_breaks_cannot_inject_headers(app: Flask, settings: Settings, office: PostOffice, end: str) -> None:
    injected = f"Hello{end}Bcc: everybody@example.org{end}{end}Body"
    with pytest.raises(NotSent):
        send_mail(settings, f"ann@example.org{end}Bcc: everybody@example.org")
    delivery = send_and_receive(office, settings, subject=injected, headers={"Reply-To": injected, "List-Id": injected})
    send(settings, new_mail("ann@example.org", "Hello", "", "", "answer"), injected)
    for message in (delivery.message, office.deliveries[-1].message):
        assert message["Bcc"] is None
        assert message["To"] == "ann@example.org"
    assert {delivery.recipient for delivery in office.deliveries} == {"ann@example.org"}


@pytest.mark.parametrize(
    "address",
    ["ann@example.org,bob@example.org", "<ann@example.org>", "Ann <ann@example.org>", "ann@example.org;x@y.z"],
)
def test_several_addresses_in_one_are_refused(app: Flask, settings: Settings, office: PostOffice, address: str) -> None:
    with pytest.raises(NotSent) as refusal:
        send_mail(settings, address)
    assert refusal.value.permanent
    assert office.commands == []


def test_international_domain_is_sent_as_punycode(app: Flask, settings: Settings, office: PostOffice) -> None:
    assert send_and_receive(office, settings, "ann@bücher.example").recipient == "ann@xn--bcher-kva.example"


def test_non_ascii_local_part_needs_a_server_with_smtputf8(app: Flask, settings: Settings, office: PostOffice) -> None:
    with pytest.raises(NotSent, match="letters beyond a to z") as refusal:
        send_mail(settings, "jürgen@example.org")
    assert refusal.value.permanent
    office.offers = ("8BITMIME", "SMTPUTF8")
    delivery = send_and_receive(office, settings, "jürgen@example.org")
    assert delivery.recipient == "jürgen@example.org"
    assert "To: jürgen@example.org".encode() in delivery.content


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_connection_is_encrypted_and_authenticated(
    app: Flask, settings: Settings, trusted: None, security: str
) -> None:
    with post_office(tls=security, password=PASSWORD) as office:
        secure = replace(settings, smtp_port=office.port, smtp_host="localhost", smtp_security=security)
        signed_in = replace(secure, smtp_user="blog", smtp_password=PASSWORD)
        delivery = send_and_receive(office, signed_in)
        assert delivery.secure
        assert delivery.login == "blog"
        with pytest.raises(NotSent, match="530"):
            send_mail(secure)


def error_with(settings: Settings, **changed: Any) -> str:
    """Return the error with these settings changed: one of the server."""
    with pytest.raises(NotSent) as refusal:
        send_mail(replace(settings, **changed))
    assert refusal.value.by_server
    assert not refusal.value.permanent
    sentence = str(refusal.value)
    assert PASSWORD not in sentence
    assert "\n" not in sentence
    return sentence


def test_missing_starttls_stops_before_the_login(app: Flask, settings: Settings, office: PostOffice) -> None:
    assert "offers no STARTTLS" in error_with(settings, smtp_security="starttls", smtp_user="u", smtp_password=PASSWORD)
    assert [command.split()[0] for command in office.commands] == ["ehlo"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_untrusted_certificate_is_reported(app: Flask, settings: Settings, security: str) -> None:
    with post_office(tls=security) as office:
        assert "certificate" in error_with(settings, smtp_port=office.port, smtp_security=security)
        assert office.deliveries == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_for_another_host_is_reported(app: Flask, settings: Settings, trusted: None, security: str) -> None:
    with post_office(tls=security) as office:
        named = error_with(settings, smtp_port=office.port, smtp_security=security, smtp_host="127.0.0.1")
        assert "certificate" in named
        assert office.deliveries == []


def test_failed_login_is_reported_without_the_password(app: Flask, settings: Settings, office: PostOffice) -> None:
    assert "takes no login" in error_with(settings, smtp_user="blog", smtp_password=PASSWORD)
    office.password = "another"
    assert "refuses the login (535 5.7.8 not …)" in error_with(settings, smtp_user="blog", smtp_password=PASSWORD)


WRONG: dict[str, tuple[Callable[[PostOffice], dict[str, Any]], str]] = {
    "nobody there": (lambda _: {"smtp_port": free_port()}, "cannot be reached"),
    "no such host": (lambda _: {"smtp_host": "mail.invalid", "smtp_security": "insecure"}, "is not known"),
    "no TLS there": (lambda _: {"smtp_security": "tls"}, "does not speak TLS"),
    "hangs up": (lambda office: office.answers.update(CONNECT=[""]) or {}, "broke off"),
    "hangs up later": (lambda office: office.answers.update(END=[""]) or {}, "broke off"),
    "busy": (lambda office: office.answers.update(CONNECT=["421 too busy"]) or {}, "421 too busy"),
    "busy later": (lambda office: office.answers.update(RCPT=["421 too busy"]) or {}, "421 too busy"),
    "speaks something else": (lambda office: office.answers.update(CONNECT=["HTTP/1.1 400"]) or {}, "refuses"),
    "is no mail server": (lambda office: office.answers.update(EHLO=["502 no"], HELO=["502 no"]) or {}, "refuses"),
}


@pytest.mark.parametrize("case", WRONG)
def test_network_error_is_reported(app: Flask, settings: Settings, office: PostOffice, case: str) -> None:
    wrong, words = WRONG[case]
    assert words in error_with(settings, **wrong(office))
    assert office.deliveries == []


# reply, sentence, by_server, permanent
REFUSALS = {
    "MAIL": ("550 not you", "takes no mail from MAIL_FROM", True, False),
    "MAIL with SIZE": ("552 5.3.4 too big", "takes no mail from MAIL_FROM", False, True),
    "RCPT": ("550 5.1.1 nobody", "takes no mail for this address", False, True),
    "RCPT for now": ("450 4.2.0 later", "takes no mail for this address", False, False),
    "RCPT of a relay": ("550 5.7.1 no relaying", "takes no mail for this address", False, False),
    "RCPT without login": ("530 log in first", "takes no mail for this address", True, False),
    "DATA": ("554 5.6.0 no", "did not take the mail", False, True),
    "END": ("554 5.7.1 no spam", "did not take the mail", False, False),
    "END at once": ("421 closing", "did not take the mail", True, False),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal_concerns_the_server_or_the_mail(app: Flask, settings: Settings, office: PostOffice, case: str) -> None:
    command, (reply, sentence, by_server, permanent) = case.split(maxsplit=1)[0], REFUSALS[case]
    office.answers = {command: [reply]}
    with pytest.raises(NotSent) as refusal:
        send_mail(settings)
    assert str(refusal.value) == f"127.0.0.1:{office.port} {sentence} ({reply})."
    assert (refusal.value.by_server, refusal.value.permanent) == (by_server, permanent)
    last = {"END": "data"}.get(command, command.lower())
    assert office.commands[-1].split()[0] == last  # a server that says no more delays nothing


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "RCPT", "END"])
def test_silent_server_times_out(
    app: Flask, settings: Settings, office: PostOffice, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(smtp, "REPLY_TIMEOUT", 0.2)
    office.answers = {command: [None]}
    assert "did not answer in time" in error_with(settings)


def test_slow_session_times_out(
    app: Flask, settings: Settings, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SESSION_TIMEOUT", 0.0)
    assert "did not answer in time" in error_with(settings)
    assert office.commands == []
