"""Test the start page of the desk: what waits, roles, counts by day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, update

from blog.comments.models import HELD, SPAM, VISIBLE, Comment
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.models import EDITOR
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.ops import overview
from blog.ops.job_runs import Run, describe_error, save_runs
from blog.ops.overview import DAYS, count_by_day, newest_comments, newest_drafts
from blog.site.models import current_site
from tests.factories import a_comment, a_post, sign_in, signed_in

PASSWORD = "a sentence to remember"


@pytest.fixture
def post(app: Flask):
    return a_post("Herons return")


def at(comment: Comment, when: datetime, status: str = VISIBLE) -> None:
    """Move a comment to this time and status, past everything that would follow from it."""
    table = Comment.__table__
    with writing(affects="nothing"):
        db.session.execute(update(table).where(table.c.id == comment.id).values(created_at=when, status=status))
    db.session.expire_all()


def in_zone(name: str) -> None:
    with writing():
        current_site().timezone = name


def counts() -> dict[date, int]:
    zone = current_site().zone
    return {day.start.astimezone(zone).date(): day.count for day in count_by_day()}


def test_empty_blog_has_an_overview(app: Flask) -> None:
    page = signed_in(app).get("/desk/").text
    for sentence in ("Nothing is waiting.", "There are no drafts.", "There are no responses yet."):
        assert sentence in page
    assert "<rect" not in page
    assert [day.count for day in count_by_day()] == [0] * DAYS


def test_overview_shows_what_waits_and_what_is_new(app: Flask, post) -> None:
    at(a_comment(post, "May I?", name="Ann"), now(), HELD)
    a_comment(post, "I saw one.", name="Bob")
    at(a_comment(post, "Buy this.", name="Cy"), now(), SPAM)
    a_post("Half a thought", draft=True)
    page = signed_in(app).get("/desk/").text
    parts = re.split(r'<h2 id="(\w+)">', page)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert "May I?" in sections["waiting"]
    assert "Decide on 1 response" in sections["waiting"]
    assert "Half a thought" in sections["drafts"]
    assert "Bob" in sections["latest"]
    assert "Ann" not in sections["latest"]
    assert "1 response in the last 30 days" in sections["days"]
    assert f'<rect x="{10 * (DAYS - 1) + 1}"' in sections["days"]  # today is the last one
    assert "Cy" not in page


def test_lists_are_short(app: Flask, post) -> None:
    for number in range(7):
        a_comment(post, f"Number {number}.", name=f"Reader {number}")
        a_post(f"Draft {number}", draft=True)
    assert [comment.name for comment in newest_comments(VISIBLE)] == [f"Reader {number}" for number in (6, 5, 4, 3, 2)]
    assert [draft.title for draft in newest_drafts()] == [f"Draft {number}" for number in (6, 5, 4, 3, 2)]


def test_days_are_those_of_the_site(app: Flask, post) -> None:
    in_zone("Pacific/Auckland")
    today = now().astimezone(current_site().zone).date()
    midnight = datetime.combine(today, datetime.min.time(), current_site().zone).astimezone(UTC)
    at(a_comment(post, "Late yesterday."), midnight - timedelta(milliseconds=1))
    at(a_comment(post, "Early today."), midnight)
    at(a_comment(post, "Too old."), midnight - timedelta(days=DAYS + 1))
    at(a_comment(post, "Not published."), midnight, HELD)
    found = counts()
    assert len(found) == DAYS
    assert {day: number for day, number in found.items() if number} == {today - timedelta(days=1): 1, today: 1}


def test_days_of_23_and_25_hours_are_whole(app: Flask, post, monkeypatch: pytest.MonkeyPatch) -> None:
    in_zone("Europe/Berlin")
    monkeypatch.setattr(overview, "now", lambda: datetime(2026, 11, 1, 12, tzinfo=UTC))
    at(a_comment(post, "Before midnight in summer."), datetime(2026, 10, 24, 21, 59, tzinfo=UTC))
    at(a_comment(post, "After midnight in summer."), datetime(2026, 10, 24, 22, 0, tzinfo=UTC))
    at(a_comment(post, "Before midnight in winter."), datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
    at(a_comment(post, "After midnight in winter."), datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
    found = {day.day: number for day, number in counts().items() if number}
    assert found == {24: 1, 25: 2, 26: 1}


def test_chart_has_a_text_and_a_table(app: Flask, post) -> None:
    for _number in range(3):
        a_comment(post)
    page = signed_in(app).get("/desk/").text
    assert page.count("<rect") == 1
    assert 'height="60.0"' in page
    assert re.search(r"<desc[^>]*>3 responses in the last 30 days, at most 3 a day.</desc>", page)
    assert len(re.findall(r'<th scope="row">', page)) == DAYS


def failures() -> None:
    save_runs([Run("retention", 3600, now(), at := now(), describe_error(OSError()), at)], {"retention"})
    with writing(affects="nothing"):
        put_mail("ann@example.org", "No", "No", "No", "test")
        db.session.execute(update(Mail).values(given_up_at=now()))


def test_owners_see_what_failed(app: Flask) -> None:
    failures()
    page = signed_in(app).get("/desk/").text
    assert "1 mail could not be sent." in page
    assert "1 background job fails or is late." in page


def test_editors_see_no_failures(app: Flask, post) -> None:
    add_editor("bea@example.org", "Bea", EDITOR, PASSWORD)
    failures()
    client = app.test_client()
    sign_in(client, "bea@example.org", PASSWORD)
    page = client.get("/desk/").text
    assert "Waiting for approval" in page
    assert "could not be sent" not in page
    assert "background job" not in page


def test_days_are_counted_in_the_index_of_the_queue(app: Flask, post) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan of SQLite")
    statements: list[tuple[str, object]] = []

    def remember(_connection, _cursor, statement, parameters, *_rest) -> None:
        statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", remember)
    count_by_day()
    newest_comments(HELD)
    newest_drafts()
    event.remove(db.engine, "before_cursor_execute", remember)
    read = [pair for pair in statements if "FROM comments" in pair[0] or "FROM posts" in pair[0]]
    assert len(read) == 3
    for statement, parameters in read:
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert not any(row[3].startswith("SCAN comments") or row[3].startswith("SCAN posts") for row in plan), plan
    days = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {read[0][0]}", read[0][1]).all()
    searches = [row[3] for row in days if row[3].startswith("SEARCH comments")]
    assert len(searches) == DAYS
    assert all(
        "COVERING INDEX ix_comments_queue (status=? AND created_at>? AND created_at<?)" in one for one in searches
    )
