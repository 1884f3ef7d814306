"""Check that a feed costs the same however much the blog holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from blog.db import db
from tests.factories import a_comment, a_post
from tests.postgres.databases import on_sqlite

FEEDS = (
    "posts/default",
    "posts/default?orderby=updated",
    "posts/default?start-index=3",
    "posts/default?published-max=2099-01-01",
    "authors/Ed",
    "comments/default",
    "1/comments/default",
)


@contextmanager
def recorded_statements() -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def fill(count: int) -> None:
    for number in range(count):
        a_comment(a_post(f"Post {number}", author_name="Ed", labels=("A",)), f"Response {number}.")


@pytest.mark.parametrize("feed", FEEDS)
def test_number_of_statements_does_not_grow(client: FlaskClient, feed: str) -> None:
    fill(5)
    with recorded_statements() as few:
        client.get(f"/feeds/{feed}")
    fill(25)
    with recorded_statements() as many:
        client.get(f"/feeds/{feed}")
    assert len(few) == len(many) <= 7


@on_sqlite
@pytest.mark.parametrize("feed", FEEDS)
def test_entries_are_found_by_an_index_in_their_order(client: FlaskClient, feed: str) -> None:
    fill(3)
    with recorded_statements() as statements:
        client.get(f"/feeds/{feed}")
    for statement, parameters in statements:
        with db.engine.connect() as connection:
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert not [step for step in plan if step.startswith(("SCAN posts", "SCAN comments"))], plan
        inner = plan[: next((place for place, step in enumerate(plan) if step.startswith("SCAN anon")), 0)]
        # the page is sorted again after its keys were found in order
        assert not [step for step in inner if "TEMP B-TREE" in step], plan
