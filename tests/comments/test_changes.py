from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event, select

from blog.comments.changes import changing_threads
from blog.comments.models import HELD, Comment, comment_domains
from blog.db import db, writing
from blog.posts.models import Post
from blog.site.models import Site
from tests.factories import a_comment, a_post


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    found: list[str] = []

    def record(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        found.append(sql)

    event.listen(db.engine, "before_cursor_execute", record)
    yield found
    event.remove(db.engine, "before_cursor_execute", record)


def load(comment: Comment) -> Comment:
    return db.session.get_one(Comment, comment.id, populate_existing=True)


def versions(post: Post) -> tuple[int, int, int]:
    """Return the versions of the thread, of the counts and of the queue."""
    db.session.rollback()
    site = db.session.scalars(select(Site).execution_options(populate_existing=True)).one()
    return db.session.get_one(Post, post.id, populate_existing=True).thread_version, site.version, site.queue_version


def test_a_comment_cannot_be_changed_outside_of_a_change(app: Flask) -> None:
    comment = a_comment(a_post())
    with pytest.raises(RuntimeError, match="changing_threads"), writing():
        load(comment).hold()
    with pytest.raises(RuntimeError, match="changing_threads"), writing():
        db.session.add(Comment(post_id=comment.post_id, name="Ann", body="x", body_html="x"))
    assert load(comment).visible
    assert db.session.query(Comment).count() == 1


def test_one_change_of_several_comments_is_one_version(app: Flask) -> None:
    post, other = a_post(), a_post("Elsewhere")
    comments = [a_comment(one, f"Number {number}.") for number, one in enumerate((post, post, other))]
    (thread, counts, queue), (elsewhere, *_) = versions(post), versions(other)
    with changing_threads():
        for comment in comments:
            load(comment).hold()
    assert versions(post) == (thread + 1, counts + 1, queue + 1)
    assert versions(other)[0] == elsewhere + 1
    assert [load(comment).version for comment in comments] == [thread + 1, thread + 1, elsewhere + 1]
    assert [db.session.get_one(Post, one.id).comment_count for one in (post, other)] == [0, 0]


def test_a_change_that_raises_changes_nothing(app: Flask) -> None:
    comment = a_comment(post := a_post())
    before = versions(post)
    with pytest.raises(KeyError), changing_threads() as change:
        change.hold_by_rule(load(comment), [])
        raise KeyError
    assert (versions(post), load(comment).visible) == (before, True)
    with changing_threads():
        load(comment).hold()
    assert load(comment).status == HELD


def test_a_vote_raises_the_version_of_the_thread_alone(app: Flask) -> None:
    comment = a_comment(post := a_post())
    thread, *others = versions(post)
    with changing_threads() as change:
        change.recount_agreements(load(comment))
    assert versions(post) == (thread + 1, *others)
    assert load(comment).version == thread


def test_a_block_that_changes_no_comment_writes_nothing(app: Flask) -> None:
    comment = a_comment(post := a_post())
    before = versions(post)
    with changing_threads():
        assert load(comment).visible
    assert versions(post) == before


def test_link_domains_follow_the_text(app: Flask) -> None:
    comment = a_comment(a_post(), "See https://a.example and https://b.example.", website="https://ann.example")
    domains = select(comment_domains.c.domain).where(comment_domains.c.comment_id == comment.id).order_by("domain")
    assert db.session.scalars(domains).all() == ["a.example", "ann.example", "b.example"]
    with changing_threads() as change:
        change.set_domains(load(comment), ["c.example"])
        load(comment).body = "See https://c.example."
    assert db.session.scalars(domains).all() == ["c.example"]


def test_a_change_of_many_threads_loads_their_posts_at_once(app: Flask, statements: list[str]) -> None:
    ids = [a_comment(a_post(f"Post {number}")).id for number in range(6)]
    db.session.remove()
    statements.clear()
    with changing_threads():
        for comment in db.session.scalars(select(Comment).where(Comment.id.in_(ids))):
            comment.hold()
    assert len([sql for sql in statements if sql.startswith("SELECT") and "FROM posts" in sql]) == 2
