"""A clock that jumped deletes nothing; a blog on which nothing happens still forgets."""

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
from blog.site.clock import may_forget
from tests.factories import signed_in

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


def a_mail(**times: datetime) -> Mail:
    mail = Mail(recipient="a@example.org", subject="", text="", html="", kind="test", message_id="1", **times)
    with writing():
        db.session.add(mail)
    return mail


def rows(record: type[Record]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(record.id))) or 0


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the clock of the whole program ahead."""

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


def test_a_clock_a_year_ahead_deletes_neither_mail_nor_sessions(app: Flask, later: Callable[[timedelta], None]) -> None:
    client = signed_in(app)
    with writing():
        db.session.add(
            Mail(recipient="a@example.org", subject="", text="", html="", kind="t", message_id="1", due_at=now())
        )
    later(YEAR)
    for hours in range(23):  # the server starts, and goes on
        later(YEAR + hours * HOUR)
        assert jobs._delete_expired(app) == 0
    assert app.test_cli_runner().invoke(args=["forget"]).exit_code == 2
    editor = db.session.scalars(select(Editor)).one()
    begin_session(editor, remember=False)
    assert (rows(EditorSession), rows(Mail)) == (2, 1)
    assert db.session.scalars(select(Mail)).one().given_up_at is None
    later(timedelta())  # the clock is put right
    jobs._delete_expired(app)
    assert client.get("/desk/posts").status_code == 200
    assert (rows(EditorSession), rows(Mail)) == (2, 1)


def test_a_quiet_blog_whose_server_runs_forgets_each_hour(app: Flask) -> None:
    began = now()
    assert all(may_forget(began + hours * HOUR) for hours in range(100 * 24))


def test_a_command_that_runs_once_a_day_forgets_each_day(app: Flask) -> None:
    began = now()
    assert all(may_forget(began + days * (DAY + HOUR)) for days in range(100))


def test_after_a_long_rest_it_forgets_a_day_later(app: Flask) -> None:
    began = now() + 90 * DAY
    assert [may_forget(began + hours * HOUR) for hours in range(26)] == [False] * 24 + [True] * 2


def test_a_second_jump_begins_the_doubt_anew(app: Flask) -> None:
    at = now()
    assert not may_forget(at + YEAR)
    assert not may_forget(at + 2 * YEAR)
    assert not may_forget(at + 2 * YEAR + 23 * HOUR)
    assert may_forget(at + 2 * YEAR + 25 * HOUR)


def test_a_clock_that_is_put_right_is_believed_at_once(app: Flask) -> None:
    at = now()
    assert not may_forget(at + YEAR)
    assert may_forget(at + HOUR)


def test_a_clock_that_was_wrong_for_long_and_is_put_right_is_believed_a_day_later(app: Flask) -> None:
    at = now()
    assert not may_forget(at + YEAR)
    assert may_forget(at + YEAR + DAY)
    assert not may_forget(at + 2 * DAY)
    assert may_forget(at + 3 * DAY)


def test_asking_often_writes_seldom(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    may_forget()

    def never() -> None:
        raise AssertionError("an act was begun")

    monkeypatch.setattr(clock, "writing", never)
    assert may_forget()


def test_mail_that_was_written_while_the_clock_was_ahead_is_sent_once_it_is_right(app: Flask) -> None:
    mail = a_mail(due_at=now() + YEAR, leased_until=now() + YEAR)
    assert db.session.scalars(select(Mail.id).where(Mail.free(now()))).all() == [mail.id]


def test_a_clock_that_jumps_gives_up_no_mail_after_one_try(app: Flask) -> None:
    a_mail(due_at=now())
    send_next()
    send_next(now() + YEAR)
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.tries, mail.given_up_at) == (2, None)


def test_ended_sessions_sign_nobody_in_while_they_are_still_there(
    app: Flask, later: Callable[[timedelta], None]
) -> None:
    signed_in(app)
    session_id = begin_session(db.session.scalars(select(Editor)).one(), remember=True)
    later(YEAR)
    assert editor_of_session(session_id) is None
