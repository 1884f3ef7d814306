"""Test limits over rows, and that each of them reads an index only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from blog.comments.followers.subscriptions import FollowRequest, follow
from blog.comments.posting.throttle import seconds_to_wait
from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.editors.sign_in.password_attempts import check_throttle
from blog.mail.quota import CONFIRM, NOTICE, is_quota_used_up, may_send_link
from blog.row_limits import is_limit_reached, seconds_until_allowed
from blog.settings import Settings
from tests.factories import a_comment, a_post

MINUTE = timedelta(minutes=1)
MAIL = {"blog_url": "https://blog.example.org", "smtp_host": "127.0.0.1", "mail_from": "blog@example.org"}
BY_ANN = SignInFailure.account_key == "ann"
AT = now()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, **MAIL)


def add_rows(*seconds_ago: float, account: str = "ann") -> None:
    with writing():
        for seconds in seconds_ago:
            created = AT - timedelta(seconds=seconds)
            db.session.add(SignInFailure(account_key=account, address_key="", device_key=None, created_at=created))


def wait(*limits: tuple[int, timedelta]) -> int:
    return seconds_until_allowed(SignInFailure.created_at, limits, AT, BY_ANN)


def test_limit_allows_rows_up_to_its_number(app: Flask) -> None:
    assert wait((2, MINUTE)) == 0
    add_rows(50)
    assert wait((2, MINUTE)) == 0
    add_rows(10)
    assert wait((2, MINUTE)) == 10
    add_rows(0)
    assert wait((2, MINUTE)) == 50


def test_longest_wait_of_several_limits_holds(app: Flask) -> None:
    add_rows(5, 100, 200)
    assert wait((1, timedelta(seconds=10)), (3, 5 * MINUTE)) == 100
    assert wait((1, timedelta(seconds=10)), (4, 5 * MINUTE)) == 5


def test_row_counts_until_its_time_is_over(app: Flask) -> None:
    add_rows(59.999)
    assert wait((1, MINUTE)) == 1
    assert not is_limit_reached(SignInFailure.created_at, [(1, MINUTE)], AT + timedelta(milliseconds=1), BY_ANN)


def test_rows_from_the_future_do_not_count(app: Flask) -> None:
    add_rows(-0.001, -3600)
    assert wait((1, MINUTE)) == 0
    add_rows(0)
    assert wait((1, MINUTE)) == 60


def test_other_rows_do_not_count(app: Flask) -> None:
    add_rows(1, account="bob")
    assert wait((1, MINUTE)) == 0


def query_plans(run: Callable[[], object]) -> list[str]:
    """Return the plans of the queries that limit rows."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT ("):
            seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    run()
    event.remove(db.engine, "before_cursor_execute", note)
    db.session.rollback()
    explain = "EXPLAIN QUERY PLAN"
    if db.engine.dialect.name == "postgresql":
        explain = "EXPLAIN"
        db.session.execute(text("SET LOCAL enable_seqscan = off"))  # small tables are scanned
    plans = [db.session.connection().exec_driver_sql(f"{explain} {query}", values) for query, values in seen]
    return [" ".join(str(column) for row in plan for column in row) for plan in plans]


QUERIES: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "comments": (lambda _: seconds_to_wait("r", "a", now()), ["ix_comments_reader", *["ix_comments_address"] * 2]),
    "passwords": (
        lambda _: check_throttle("account", "address", None),
        [f"ix_sign_in_failures_{columns}" for columns in ("whence", "", "account", "created_at")],
    ),
    "quota": (lambda settings: is_quota_used_up(settings, now()), ["ix_mails_sent_at"]),
    "share of the quota": (lambda settings: is_quota_used_up(settings, now(), NOTICE), ["ix_mails_sent_at"]),
    "links": (lambda _: may_send_link(CONFIRM, "ann@example.org"), ["ix_mails_recipient", "ix_mails_kind"]),
}


@pytest.mark.parametrize("case", QUERIES)
def test_limit_reads_an_index_in_order(app: Flask, case: str) -> None:
    run, indexes = QUERIES[case]
    plans = query_plans(lambda: run(app.config["SETTINGS"]))
    assert len(plans) == len(indexes)
    for plan, index in zip(plans, indexes, strict=True):
        assert_reads_in_order(plan, index)


def test_limit_of_subscriptions_reads_indexes(app: Flask) -> None:
    request = FollowRequest(a_comment(a_post(), email="ann@example.org"), True, "here")
    by_email, by_address = query_plans(lambda: follow(request))
    assert "ix_follows_" in by_email  # an address has few rows for a post
    assert_reads_in_order(by_address, "ix_follows_address")


def assert_reads_in_order(plan: str, index: str) -> None:
    if db.engine.dialect.name == "sqlite":  # PostgreSQL chooses by the contents of the table
        assert index in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
