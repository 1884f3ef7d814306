"""Test sending by real processes, through outages and kills."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from blog.db import db, now, writing
from blog.mail.models import Mail
from tests.live_server import Server, wait_until
from tests.mail.letters import create_mail, mails, only_mail
from tests.mail.post_office import PostOffice

Serve = Callable[..., Server]


def expire_leases() -> None:
    with writing():
        db.session.execute(
            update(Mail).where(Mail.due_at.is_not(None)).values(leased_until=now() - timedelta(seconds=1))
        )


def make_due() -> None:
    with writing():
        db.session.execute(update(Mail).where(Mail.due_at.is_not(None)).values(due_at=now()))


def wait_for_mail(met: Callable[[], bool]) -> None:
    wait_until(met, explain=lambda: [(mail.tries, mail.last_error) for mail in mails()])


@pytest.mark.parametrize("processes", ["1", "2"])
def test_server_sends_each_mail_once(serve: Serve, blog: Flask, office: PostOffice, processes: str) -> None:
    recipients = sorted(f"reader{number}@example.org" for number in range(8))
    server = serve(WEB_CONCURRENCY=processes, **office.environment)
    for address in recipients:
        create_mail(address)
    wait_for_mail(lambda: all(mail.sent_at for mail in mails()))
    assert server.stop() == 0
    assert office.recipients == recipients


def test_mail_arrives_once_after_an_outage_of_the_mail_server(serve: Serve, blog: Flask, office: PostOffice) -> None:
    office.close()
    recipients = sorted(f"reader{number}@example.org" for number in range(3))
    for address in recipients:
        create_mail(address)
    server = serve(**office.environment)
    wait_for_mail(lambda: any(mail.failed_at for mail in mails()))
    server.stop()
    office.open()
    make_due()
    serve(**office.environment)
    wait_for_mail(lambda: all(mail.sent_at for mail in mails()))
    assert office.recipients == recipients


def test_killed_server_loses_no_mail(serve: Serve, blog: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    create_mail()
    create_mail("bob@example.org")
    server = serve(**office.environment)
    assert office.held.wait(30)
    server.kill()
    office.let_go.set()
    assert office.deliveries == []
    expire_leases()
    server.start()
    wait_for_mail(lambda: all(mail.sent_at for mail in mails()))
    assert office.recipients == ["ann@example.org", "bob@example.org"]


def test_mail_resent_after_a_kill_has_the_same_message_id(serve: Serve, blog: Flask, office: PostOffice) -> None:
    office.answers = {"TAKEN": [None]}
    create_mail()
    server = serve(**office.environment)
    assert office.held.wait(30)
    server.kill()
    office.let_go.set()
    expire_leases()
    server.start()
    wait_for_mail(lambda: only_mail().sent_at is not None)
    first, second = office.deliveries
    assert first.message["Message-ID"] == second.message["Message-ID"]


def test_silent_mail_server_does_not_delay_stopping(serve: Serve, blog: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    create_mail()
    server = serve(**office.environment)
    assert office.held.wait(30)
    assert server.stop() == 0  # within the five seconds that a test's server has
    office.let_go.set()
    assert only_mail().leased_until


def test_server_without_mail_settings_sends_nothing(serve: Serve, blog: Flask) -> None:
    create_mail()
    server = serve()
    assert server.stop() == 0
    assert only_mail().tries == 0
