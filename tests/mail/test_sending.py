from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from blog.db import db, now, writing
from blog.mail import sending
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.mail.retention import forget_mails
from blog.mail.sending import LEASE, keep_sending, send_next, send_waiting
from blog.mail.smtp import NotSent
from tests.mail.letters import a_mail, mails, the_mail
from tests.mail.post_office import PostOffice

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def capped(app: Flask, **caps: int) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], **caps)


def test_what_is_written_in_an_act_is_sent_once_it_is_committed(app: Flask, office: PostOffice) -> None:
    a_mail()
    assert send_waiting()
    assert office.recipients == ["ann@example.org"]
    mail = the_mail()
    assert mail.sent_at
    assert (mail.due_at, mail.leased_until, mail.tries) == (None, None, 1)
    assert send_next() is None


def test_an_act_that_is_rolled_back_writes_no_mail(app: Flask, office: PostOffice) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        put_mail("ann@example.org", "Never", "", "", "answer")
        raise ZeroDivisionError
    assert mails() == []
    assert send_next() is None


def test_nothing_is_sent_before_it_is_due(app: Flask, office: PostOffice) -> None:
    a_mail(due_at=now() + HOUR)
    assert send_next() is None
    assert send_next(now() + HOUR)
    assert len(office.deliveries) == 1


def test_of_two_who_send_at_once_one_does(app: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    a_mail()

    def work() -> None:
        with app.app_context():
            send_waiting()

    first = threading.Thread(target=work)
    first.start()
    assert office.held.wait(30)
    assert send_next() is None  # the other holds it, in the middle of DATA
    office.let_go.set()
    first.join()
    assert len(office.deliveries) == 0  # the server hung up instead of taking it
    assert the_mail().failed_at


def test_many_who_send_at_once_send_each_mail_once(app: Flask, office: PostOffice) -> None:
    everybody = sorted(f"reader{number}@example.org" for number in range(12))
    for address in everybody:
        a_mail(address)
    begin = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            begin.wait()
            send_waiting()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.recipients == everybody


def test_while_a_mail_is_being_sent_no_act_has_to_wait(app: Flask, office: PostOffice) -> None:
    office.answers = {"END": [None]}
    a_mail()

    def work() -> None:
        with app.app_context():
            send_next()

    thread = threading.Thread(target=work)
    thread.start()
    assert office.held.wait(30)
    a_mail("bob@example.org")
    office.let_go.set()
    thread.join()


def test_a_server_that_is_down_is_asked_once_a_round_and_everything_arrives_once_when_it_is_back(
    app: Flask, office: PostOffice
) -> None:
    everybody = sorted(f"reader{number}@example.org" for number in range(5))
    for address in everybody:
        a_mail(address)
    office.close()
    assert not send_waiting()
    assert sorted(mail.tries for mail in mails()) == [0, 0, 0, 0, 1]
    at = now()
    for _ in range(6):
        at += 5 * MINUTE
        assert not send_waiting(at=at)
    office.open()
    assert send_waiting(at=at + HOUR)
    assert office.recipients == everybody
    assert all(mail.sent_at for mail in mails())


def test_what_is_refused_for_now_is_tried_again_after_growing_pauses(app: Flask, office: PostOffice) -> None:
    office.answers = {"RCPT": ["450 4.2.0 come back"] * 7}
    a_mail()
    at, pauses = now(), []
    for _ in range(7):
        tried = send_next(at)
        assert tried
        assert tried.failure
        assert not tried.failure.of_server
        due = the_mail().due_at
        assert due
        pauses.append(due - at)
        assert send_next(due - timedelta(seconds=1)) is None
        at = due
    assert pauses[0] < MINUTE
    assert all(later > sooner for sooner, later in pairwise(pauses[:6]))
    assert pauses[6] > 2 * HOUR
    assert "450 4.2.0 come back" in the_mail().last_error
    send_waiting(at=at)
    assert office.recipients == ["ann@example.org"]


@pytest.mark.parametrize("command", ["RCPT", "DATA", "END"])
def test_what_is_refused_for_good_is_given_up_at_once(app: Flask, office: PostOffice, command: str) -> None:
    office.answers = {command: ["550 5.1.1 no such reader"]}
    a_mail()
    a_mail("bob@example.org")
    assert send_waiting()
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
def test_a_refusal_that_settings_can_mend_costs_no_mail(
    app: Flask, office: PostOffice, command: str, answer: str
) -> None:
    office.answers = {command: [answer]}
    a_mail()
    send_waiting()
    assert not the_mail().given_up_at
    send_waiting(at=now() + HOUR)
    assert office.recipients == ["ann@example.org"]


def test_after_two_days_of_trying_it_is_given_up(app: Flask, office: PostOffice) -> None:
    office.close()
    a_mail()
    began = at = now()
    while (mail := the_mail()).due_at:
        at = max(at, mail.due_at)
        send_waiting(at=at)
    assert mail.given_up_at
    assert timedelta(days=2) <= mail.given_up_at - began < timedelta(days=2, hours=4)
    assert "cannot be reached" in mail.last_error
    office.open()
    assert send_next(at + DAY) is None
    assert office.deliveries == []


def test_a_blog_that_was_away_for_a_week_still_sends_what_waited(app: Flask, office: PostOffice) -> None:
    a_mail()
    assert send_waiting(at=now() + 7 * DAY)
    assert len(office.deliveries) == 1


def test_no_more_than_so_many_go_out_in_an_hour_and_in_a_day(app: Flask, office: PostOffice) -> None:
    capped(app, mail_per_hour=2, mail_per_day=3)
    for number in range(6):
        a_mail(f"reader{number}@example.org")
    at = now()
    send_waiting(at=at)
    assert len(office.deliveries) == 2
    send_waiting(at=at + 59 * MINUTE)
    assert len(office.deliveries) == 2
    send_waiting(at=at + 61 * MINUTE)
    assert len(office.deliveries) == 3
    send_waiting(at=at + 23 * HOUR)
    assert len(office.deliveries) == 3
    send_waiting(at=at + 25 * HOUR)
    assert len(office.deliveries) == 5  # that of the second hour still counts for its day, but only one


def test_what_is_just_being_sent_counts_too(app: Flask, office: PostOffice) -> None:
    capped(app, mail_per_hour=1)
    a_mail()
    a_mail("bob@example.org")
    with writing():
        db.session.get_one(Mail, mails()[0].id).leased_until = now() + MINUTE
    assert send_next() is None


def test_what_a_crash_cut_off_is_sent_once_its_lease_has_run_out_under_the_same_name(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail()

    def fall(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sending, "_end", fall)  # the server has it, and we could not write it down
        send_next()
    assert send_next() is None
    assert send_next(now() + LEASE + MINUTE)
    first, second = office.deliveries
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.message["Date"] == second.message["Date"]
    assert the_mail().sent_at


def test_of_two_tries_at_one_mail_the_later_one_counts_unless_the_other_was_taken(app: Flask) -> None:
    a_mail()
    slow = sending._claim(now())
    db.session.remove()
    next_one = sending._claim(now() + LEASE + MINUTE)
    db.session.remove()
    assert slow
    assert next_one
    sending._end(slow, NotSent("too late"), now())
    assert the_mail().leased_until
    sending._end(slow, None, now())
    sending._end(next_one, NotSent("refused"), now())
    assert (the_mail().due_at, the_mail().failed_at) == (None, None)
    assert the_mail().sent_at


def test_what_was_sent_is_written_down_though_the_database_was_away(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail()
    away = [True, True]
    real, real_send = sending.writing, sending.send
    monkeypatch.setattr(sending.time, "sleep", lambda _: None)

    def sent(*args: object) -> None:
        real_send(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(sending, "writing", fails)

    def fails() -> object:
        if away:
            away.pop()
            raise OperationalError("COMMIT", None, Exception("away"))
        return real()

    monkeypatch.setattr(sending, "send", sent)
    send_next()
    assert away == []
    assert the_mail().sent_at
    assert len(office.deliveries) == 1


def test_where_nothing_waits_nothing_is_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    a_mail(due_at=now() + HOUR)

    def never() -> None:
        raise AssertionError("an act was begun")

    monkeypatch.setattr(sending, "writing", never)
    assert send_next() is None


def test_a_mail_that_cannot_be_made_holds_up_no_other(app: Flask, office: PostOffice) -> None:
    mail = a_mail()
    with writing():
        db.session.get_one(Mail, mail.id).headers = "not JSON"
    a_mail("bob@example.org")
    assert send_waiting()
    assert office.recipients == ["bob@example.org"]
    assert "fault of ours" in mails()[0].last_error


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "@example.org", "a b@example.org", "ann@exa mple.org", "x" * 300]
)
def test_to_what_is_no_address_nothing_is_sent_and_no_act_fails(app: Flask, office: PostOffice, address: str) -> None:
    a_mail(address)
    assert the_mail().given_up_at
    assert send_next() is None


def test_mail_is_forgotten_after_thirty_days_and_what_waits_is_not(app: Flask, office: PostOffice) -> None:
    a_mail()
    send_waiting()
    a_mail("ann")
    a_mail("bob@example.org", due_at=now() + 90 * DAY)
    assert forget_mails(now() + 29 * DAY) == 0
    assert forget_mails(now() + 31 * DAY) == 2
    assert the_mail().recipient == "bob@example.org"


def test_where_mail_is_no_longer_set_up_what_waits_is_given_up_after_two_days(app: Flask) -> None:
    a_mail()
    capped(app, smtp_host="")
    assert forget_mails(now() + 1.9 * DAY) == 0
    assert forget_mails(now() + 2.1 * DAY) == 1
    assert "no longer set up" in the_mail().last_error
    assert forget_mails(now() + 2.1 * DAY) == 0


def test_who_cannot_write_a_mail_that_is_due_keeps_none_from_being_sent(app: Flask, office: PostOffice) -> None:
    a_mail()

    def broken() -> None:
        raise ZeroDivisionError

    stop = keep_sending(app, broken)
    office.wait_for(1)
    stop()
    assert office.recipients == ["ann@example.org"]
