"""Test that nothing is deleted after a clock jump, and that quiet blogs still delete old data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from blog.db import Record, db, now, writing
from blog.editors.models import Editor, EditorSession
from blog.editors.sessions import begin_session, editor_of_session
from blog.mail.models import Mail
from blog.mail.sending import send_next
from blog.server import jobs
from blog.site import clock
from blog.site.clock import check_clock
from tests.factories import signed_in

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


def create_mail(**times: datetime) -> Mail:
    mail = Mail(recipient="a@example.org", subject="", text="", html="", kind="test", message_id="1", **times)
    with writing():
        db.session.add(mail)
    return mail


def rows(record: type[Record]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(record.id))) or 0


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Return a function that sets the program's clock ahead."""

    def set_ahead(by: timedelta) -> None:
        def then() -> datetime:
            return now() + by

        for module in (
            "blog.site.clock",
            "blog.comments.privacy.retention",
            "blog.mail.retention",
            "blog.editors.sessions",
        ):
            monkeypatch.setattr(f"{module}.now", then)

    return set_ahead


def test_clock_a_year_ahead_deletes_no_mail_and_no_sessions(app: Flask, later: Callable[[timedelta], None]) -> None:
    client = signed_in(app)
    with writing():
        db.session.add(
            Mail(recipient="a@example.org", subject="", text="", html="", kind="t", message_id="1", due_at=now())
        )
    later(YEAR)
    for hours in range(23):  # the server runs hourly
        later(YEAR + hours * HOUR)
        assert jobs.delete_expired() == 0
    assert app.test_cli_runner().invoke(args=["forget"]).exit_code == 2
    editor = db.session.scalars(select(Editor)).one()
    begin_session(editor, remember=False)
    assert (rows(EditorSession), rows(Mail)) == (2, 1)
    assert db.session.scalars(select(Mail)).one().given_up_at is None
    later(timedelta())  # the clock is corrected
    jobs.delete_expired()
    assert client.get("/desk/posts").status_code == 200
    assert (rows(EditorSession), rows(Mail)) == (2, 1)


def test_running_server_deletes_hourly_on_quiet_blog(app: Flask) -> None:
    began = now()
    assert all(check_clock(began + hours * HOUR) for hours in range(100 * 24))


def test_daily_command_deletes_daily(app: Flask) -> None:
    began = now()
    assert all(check_clock(began + days * (DAY + HOUR)) for days in range(100))


def test_deletion_resumes_a_day_after_long_downtime(app: Flask) -> None:
    began = now() + 90 * DAY
    assert [check_clock(began + hours * HOUR) for hours in range(26)] == [False] * 24 + [True] * 2


def test_second_jump_restarts_doubt(app: Flask) -> None:
    at = now()
    assert not check_clock(at + YEAR)
    assert not check_clock(at + 2 * YEAR)
    assert not check_clock(at + 2 * YEAR + 23 * HOUR)
    assert check_clock(at + 2 * YEAR + 25 * HOUR)


def test_corrected_clock_is_trusted_immediately(app: Flask) -> None:
    at = now()
    assert not check_clock(at + YEAR)
    assert check_clock(at + HOUR)


def test_clock_corrected_late_is_trusted_a_day_later(app: Flask) -> None:
    at = now()
    assert not check_clock(at + YEAR)
    assert check_clock(at + YEAR + DAY)
    assert not check_clock(at + 2 * DAY)
    assert check_clock(at + 3 * DAY)


def test_frequent_checks_write_rarely(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    check_clock()

    def never() -> None:
        raise AssertionError("an act was begun")

    monkeypatch.setattr(clock, "writing", never)
    assert check_clock()


def test_mail_written_with_clock_ahead_is_sent_after_correction(app: Flask) -> None:
    mail = create_mail(due_at=now() + YEAR, leased_until=now() + YEAR)
    assert db.session.scalars(select(Mail.id).where(Mail.is_unleased(now()))).all() == [mail.id]


def test_clock_jump_gives_up_no_mail_after_one_attempt(app: Flask) -> None:
    create_mail(due_at=now())
    send_next()
    send_next(now() + YEAR)
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.tries, mail.given_up_at) == (2, None)


def test_expired_sessions_are_refused_before_deletion(app: Flask, later: Callable[[timedelta], None]) -> None:
    signed_in(app)
    session_id = begin_session(db.session.scalars(select(Editor)).one(), remember=True)
    later(YEAR)
    assert editor_of_session(session_id) is None
