"""Against real processes: sent beside the server, through outages and kills."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from blog.db import db, now, writing
from blog.mail.models import Mail
from tests.live_server import Server
from tests.mail.letters import a_mail, mails, the_mail
from tests.mail.post_office import PostOffice

Serve = Callable[..., Server]


def let_the_lease_run_out() -> None:
    """As the time that passes would."""
    with writing():
        db.session.execute(
            update(Mail).where(Mail.due_at.is_not(None)).values(leased_until=now() - timedelta(seconds=1))
        )


def due_now() -> None:
    with writing():
        db.session.execute(update(Mail).where(Mail.due_at.is_not(None)).values(due_at=now()))


def until(met: Callable[[], bool]) -> None:
    end = now() + timedelta(seconds=30)
    while not met():
        assert now() < end, [(mail.tries, mail.last_error) for mail in mails()]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_server_sends_by_itself_each_mail_once(
    serve: Serve, blog: Flask, office: PostOffice, processes: str
) -> None:
    everybody = sorted(f"reader{number}@example.org" for number in range(8))
    server = serve(WEB_CONCURRENCY=processes, **office.environment)
    for address in everybody:
        a_mail(address)
    until(lambda: all(mail.sent_at for mail in mails()))
    assert server.stop() == 0
    assert office.recipients == everybody


def test_what_could_not_be_sent_while_the_mail_server_was_down_arrives_once(
    serve: Serve, blog: Flask, office: PostOffice
) -> None:
    office.close()
    everybody = sorted(f"reader{number}@example.org" for number in range(3))
    for address in everybody:
        a_mail(address)
    server = serve(**office.environment)
    until(lambda: any(mail.failed_at for mail in mails()))
    server.stop()
    office.open()
    due_now()
    serve(**office.environment)
    until(lambda: all(mail.sent_at for mail in mails()))
    assert office.recipients == everybody


def test_killed_while_sending_it_loses_nothing(serve: Serve, blog: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    a_mail()
    a_mail("bob@example.org")
    server = serve(**office.environment)
    assert office.held.wait(30)
    server.kill()
    office.let_go.set()
    assert office.deliveries == []
    let_the_lease_run_out()
    server.start()
    until(lambda: all(mail.sent_at for mail in mails()))
    assert office.recipients == ["ann@example.org", "bob@example.org"]


def test_killed_before_it_heard_that_the_mail_was_taken_the_second_copy_bears_the_same_name(
    serve: Serve, blog: Flask, office: PostOffice
) -> None:
    office.answers = {"TAKEN": [None]}
    a_mail()
    server = serve(**office.environment)
    assert office.held.wait(30)
    server.kill()
    office.let_go.set()
    let_the_lease_run_out()
    server.start()
    until(lambda: the_mail().sent_at is not None)
    first, second = office.deliveries
    assert first.message["Message-ID"] == second.message["Message-ID"]


def test_a_mail_server_that_says_nothing_does_not_keep_the_server_from_stopping(
    serve: Serve, blog: Flask, office: PostOffice
) -> None:
    office.answers = {"END": [None]}
    a_mail()
    server = serve(**office.environment)
    assert office.held.wait(30)
    assert server.stop() == 0  # within the five seconds that a test's server has
    office.let_go.set()
    assert the_mail().leased_until


def test_a_site_without_mail_serves_as_ever(serve: Serve, blog: Flask) -> None:
    a_mail()
    server = serve()
    assert server.stop() == 0
    assert the_mail().tries == 0
