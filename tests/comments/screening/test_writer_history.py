from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.screening import writer_history
from blog.comments.screening.submission import Submission
from blog.comments.screening.writer_history import WriterHistory, look_up_history
from blog.db import db, now
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import a_comment, a_post
from tests.postgres.databases import on_sqlite


def submission(post: Post, **fields: str) -> Submission:
    keys = {"reader_key": "ann", "address_key": "here"} | fields
    return Submission(post.id, None, "Ann", "", "", "Seen one.", "key", **keys)


def decide(comment: Comment, verb: str) -> None:
    with changing_threads():
        getattr(db.session.get_one(Comment, comment.id), verb)()


def query_plans(post: Post) -> list[str]:
    """Return how SQLite runs the queries of a history."""
    queries: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.startswith("SELECT"):
            queries.append((sql, parameters))

    sent = submission(post)
    current_site()  # loaded before by every request
    event.listen(db.engine, "before_cursor_execute", record)
    look_up_history(sent, now())
    event.remove(db.engine, "before_cursor_execute", record)
    connection = db.session.connection()
    return [
        "\n".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))
        for sql, parameters in queries
    ]


def test_history_counts_the_readers_other_comments(app: Flask) -> None:
    post = a_post()
    comments = [a_comment(post, f"Number {number}.", reader_key="ann", address_key="here") for number in range(4)]
    decide(comments[0], "mark_as_spam")
    a_comment(post, "Not hers.", reader_key="bob", address_key="there")
    assert look_up_history(submission(post), now()) == WriterHistory(3, 1, 1, has_recent_removal=True)
    assert look_up_history(Submission.of(comments[0]), now()) == WriterHistory(visible=3)
    assert look_up_history(submission(post, reader_key="eve", address_key="elsewhere"), now()) == WriterHistory()


def test_held_comments_count_for_the_reader_or_the_address_and_for_an_hour(app: Flask) -> None:
    post = a_post()
    for reader, address in (("ann", "there"), ("ann", "there"), ("bob", "here"), ("cleo", "here"), ("dan", "here")):
        decide(a_comment(post, reader_key=reader, address_key=address), "hold")
    assert look_up_history(submission(post), now()).recently_held == 3
    assert look_up_history(submission(post, address_key="elsewhere"), now()).recently_held == 2
    for at in (now() + timedelta(hours=2), now() - timedelta(hours=2)):
        assert look_up_history(submission(post), at).recently_held == 0


def test_history_reads_a_bounded_number_of_comments(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_history, "MAX_COMMENTS", 3)
    monkeypatch.setattr(writer_history, "EARLIER_COMMENTS", writer_history._earlier_comments())
    post = a_post()
    for number in range(5):
        a_comment(post, f"Number {number}.", reader_key="ann", address_key="here")
    assert look_up_history(submission(post), now()).visible == 3


def test_removals_by_the_writer_are_no_reason_to_hold(app: Flask) -> None:
    post = a_post()
    decide(a_comment(post, reader_key="ann"), "remove")
    assert not look_up_history(submission(post), now()).has_recent_removal


@on_sqlite
@pytest.mark.parametrize("analyzed", [False, True])
def test_history_takes_two_queries_on_the_indexes_of_the_writer(app: Flask, analyzed: bool) -> None:
    post = a_post()
    if analyzed:
        with db.engine.begin() as connection:
            # the figures of a blog with a million comments
            connection.execute(text("ANALYZE"))
            for name, figures in {
                "queue": "1000000 250000 1 1",
                "reader": "1000000 50 1",
                "address": "1000000 50 1",
            }.items():
                row = {"name": f"ix_comments_{name}", "figures": figures}
                connection.execute(text("INSERT INTO sqlite_stat1 VALUES ('comments', :name, :figures)"), row)
        db.session.remove()
        db.engine.dispose()
    earlier, bans = query_plans(post)
    assert "USING INDEX ix_comments_reader (reader_key=?)" in earlier
    assert "USING INDEX ix_comments_address (address_key=? AND created_at>? AND created_at<?)" in earlier
    assert "SCAN comments" not in earlier
    assert "ix_comments_queue" not in earlier
    assert "SCAN bans" not in bans
