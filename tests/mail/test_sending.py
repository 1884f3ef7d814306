from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from blog.db import Affects, db, now, writing
from blog.mail import sending
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.mail.retention import forget_mails
from blog.mail.sending import LEASE, send_due_mails, send_next, send_next_mail
from blog.mail.smtp import NotSent
from blog.server.jobs import Job
from tests.mail.letters import create_mail, mails, only_mail
from tests.mail.post_office import PostOffice
from tests.server.running_jobs import run_jobs

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def set_quota(app: Flask, **caps: int) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **caps)


def test_mail_is_sent_after_the_commit(app: Flask, office: PostOffice) -> None:
    create_mail()
    assert send_due_mails()
    assert office.recipients == ["ann@example.org"]
    mail = only_mail()
    assert mail.sent_at
    assert (mail.due_at, mail.leased_until, mail.tries) == (None, None, 1)
    assert send_next() is None


def test_mail_of_a_rolled_back_transaction_is_not_sent(app: Flask, office: PostOffice) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        put_mail("ann@example.org", "Never", "", "", "answer")
        raise ZeroDivisionError
    assert mails() == []
    assert send_next() is None


def test_mail_is_not_sent_before_it_is_due(app: Flask, office: PostOffice) -> None:
    create_mail(due_at=now() + HOUR)
    assert send_next() is None
    assert send_next(now() + HOUR)
    assert len(office.deliveries) == 1


def test_lease_stops_a_second_thread_from_sending(app: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    create_mail()

    def work() -> None:
        with app.app_context():
            send_due_mails()

    first = threading.Thread(target=work)
    first.start()
    assert office.held.wait(30)
    assert send_next() is None  # the other thread has the lease, in the middle of DATA
    office.let_go.set()
    first.join()
    assert len(office.deliveries) == 0  # the server hung up instead of taking it
    assert only_mail().failed_at


def test_concurrent_senders_send_each_mail_once(app: Flask, office: PostOffice) -> None:
    recipients = sorted(f"reader{number}@example.org" for number in range(12))
    for address in recipients:
        create_mail(address)
    begin = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            begin.wait()
            send_due_mails()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.recipients == recipients


def test_sending_blocks_no_transaction(app: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    create_mail()

    def work() -> None:
        with app.app_context():
            send_next()

    thread = threading.Thread(target=work)
    thread.start()
    assert office.held.wait(30)
    create_mail("bob@example.org")
    office.let_go.set()
    thread.join()


def test_unreachable_server_is_tried_once_a_round_and_mail_arrives_once(app: Flask, office: PostOffice) -> None:
    recipients = sorted(f"reader{number}@example.org" for number in range(5))
    for address in recipients:
        create_mail(address)
    office.close()
    assert not send_due_mails()
    assert sorted(mail.tries for mail in mails()) == [0, 0, 0, 0, 1]
    at = now()
    for _ in range(6):
        at += 5 * MINUTE
        assert not send_due_mails(at=at)
    office.open()
    assert send_due_mails(at=at + HOUR)
    assert office.recipients == recipients
    assert all(mail.sent_at for mail in mails())


def test_temporary_refusal_is_retried_with_growing_delays(app: Flask, office: PostOffice) -> None:
    office.answers = {"RCPT": ["450 4.2.0 come back"] * 7}
    create_mail()
    at, pauses = now(), []
    for _ in range(7):
        attempt = send_next(at)
        assert attempt
        assert attempt.failure
        assert not attempt.failure.by_server
        due = only_mail().due_at
        assert due
        pauses.append(due - at)
        assert send_next(due - timedelta(seconds=1)) is None
        at = due
    assert pauses[0] < MINUTE
    assert all(later > sooner for sooner, later in pairwise(pauses[:6]))
    assert pauses[6] > 2 * HOUR
    assert "450 4.2.0 come back" in only_mail().last_error
    send_due_mails(at=at)
    assert office.recipients == ["ann@example.org"]


@pytest.mark.parametrize("command", ["RCPT", "DATA", "END"])
def test_permanent_refusal_is_given_up_at_once(app: Flask, office: PostOffice, command: str) -> None:
    office.answers = {command: ["550 5.1.1 no such reader"]}
    create_mail()
    create_mail("bob@example.org")
    assert send_due_mails()
    given_up, sent = mails()
    assert given_up.given_up_at
    assert given_up.due_at is None
    assert "550 5.1.1 no such reader" in given_up.last_error
    assert sent.sent_at
    assert office.recipients == ["bob@example.org"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [("MAIL", "550 not you"), ("RCPT", "530 log in first"), ("RCPT", "550 5.7.1 no relaying"), ("CONNECT", "554 no")],
)
def test_refusal_due_to_settings_loses_no_mail(app: Flask, office: PostOffice, command: str, answer: str) -> None:
    office.answers = {command: [answer]}
    create_mail()
    send_due_mails()
    assert not only_mail().given_up_at
    send_due_mails(at=now() + HOUR)
    assert office.recipients == ["ann@example.org"]


def test_mail_is_given_up_after_two_days_of_attempts(app: Flask, office: PostOffice) -> None:
    office.close()
    create_mail()
    began = at = now()
    while (mail := only_mail()).due_at:
        at = max(at, mail.due_at)
        send_due_mails(at=at)
    assert mail.given_up_at
    assert timedelta(days=2) <= mail.given_up_at - began < timedelta(days=2, hours=4)
    assert "cannot be reached" in mail.last_error
    office.open()
    assert send_next(at + DAY) is None
    assert office.deliveries == []


def test_mail_is_sent_after_a_week_of_downtime(app: Flask, office: PostOffice) -> None:
    create_mail()
    assert send_due_mails(at=now() + 7 * DAY)
    assert len(office.deliveries) == 1


def test_quota_limits_mails_per_hour_and_day(app: Flask, office: PostOffice) -> None:
    set_quota(app, mail_per_hour=2, mail_per_day=3)
    for number in range(6):
        create_mail(f"reader{number}@example.org")
    at = now()
    send_due_mails(at=at)
    assert len(office.deliveries) == 2
    send_due_mails(at=at + 59 * MINUTE)
    assert len(office.deliveries) == 2
    send_due_mails(at=at + 61 * MINUTE)
    assert len(office.deliveries) == 3
    send_due_mails(at=at + 23 * HOUR)
    assert len(office.deliveries) == 3
    send_due_mails(at=at + 25 * HOUR)
    assert len(office.deliveries) == 5  # one of the second hour still counts for its day


def test_leased_mail_counts_towards_the_quota(app: Flask, office: PostOffice) -> None:
    set_quota(app, mail_per_hour=1)
    create_mail()
    create_mail("bob@example.org")
    with writing():
        db.session.get_one(Mail, mails()[0].id).leased_until = now() + MINUTE
    assert send_next() is None


def test_interrupted_mail_is_resent_after_its_lease_with_the_same_message_id(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_mail()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sending, "_save_result", die)  # the server accepted it, but we could not store that
        send_next()
    assert send_next() is None
    assert send_next(now() + LEASE + MINUTE)
    first, second = office.deliveries
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.message["Date"] == second.message["Date"]
    assert only_mail().sent_at


def test_success_of_an_older_attempt_overrides_a_later_failure(app: Flask) -> None:
    create_mail()
    slow = sending._claim(now())
    db.session.remove()
    next_one = sending._claim(now() + LEASE + MINUTE)
    db.session.remove()
    assert slow
    assert next_one
    sending._save_result(slow, NotSent("too late"), now())
    assert only_mail().leased_until
    sending._save_result(slow, None, now())
    sending._save_result(next_one, NotSent("refused"), now())
    assert (only_mail().due_at, only_mail().failed_at) == (None, None)
    assert only_mail().sent_at


def test_result_is_stored_after_a_database_outage(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_mail()
    away = [True, True]
    real, real_send = sending.writing, sending.send
    monkeypatch.setattr(sending.time, "sleep", lambda _: None)

    def sent(*args: object) -> None:
        real_send(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(sending, "writing", fails)

    def fails(affects: Affects) -> object:
        if away:
            away.pop()
            raise OperationalError("COMMIT", None, Exception("away"))
        return real(affects)

    monkeypatch.setattr(sending, "send", sent)
    send_next()
    assert away == []
    assert only_mail().sent_at
    assert len(office.deliveries) == 1


def test_empty_outbox_begins_no_write_transaction(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    create_mail(due_at=now() + HOUR)

    def never() -> None:
        raise AssertionError("a transaction was begun")

    monkeypatch.setattr(sending, "writing", never)
    assert send_next() is None


def test_broken_mail_does_not_block_others(app: Flask, office: PostOffice) -> None:
    mail = create_mail()
    with writing():
        db.session.get_one(Mail, mail.id).headers = "not JSON"
    create_mail("bob@example.org")
    assert send_due_mails()
    assert office.recipients == ["bob@example.org"]
    assert "fault of ours" in mails()[0].last_error


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "@example.org", "a b@example.org", "ann@exa mple.org", "x" * 300]
)
def test_mail_to_an_invalid_address_is_given_up_without_an_error(app: Flask, office: PostOffice, address: str) -> None:
    create_mail(address)
    assert only_mail().given_up_at
    assert send_next() is None


def test_sent_mail_is_deleted_after_thirty_days(app: Flask, office: PostOffice) -> None:
    create_mail()
    send_due_mails()
    create_mail("ann")
    create_mail("bob@example.org", due_at=now() + 90 * DAY)
    assert forget_mails(now() + 29 * DAY) == 0
    assert forget_mails(now() + 31 * DAY) == 2
    assert only_mail().recipient == "bob@example.org"


def test_waiting_mail_is_given_up_two_days_after_mail_is_disabled(app: Flask) -> None:
    create_mail()
    set_quota(app, smtp_host="")
    assert forget_mails(now() + 1.9 * DAY) == 0
    assert forget_mails(now() + 2.1 * DAY) == 1
    assert "no longer set up" in only_mail().last_error
    assert forget_mails(now() + 2.1 * DAY) == 0


def test_failing_writer_does_not_stop_sending(app: Flask, office: PostOffice) -> None:
    create_mail()

    def broken() -> None:
        raise ZeroDivisionError

    run_jobs(app, [Job("alerts", broken, 5), Job("mail", send_next_mail, 5)], lambda _: bool(office.recipients))
    assert office.recipients == ["ann@example.org"]
