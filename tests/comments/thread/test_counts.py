"""Test recounts: the numbers, and that other threads do not slow them down."""

from __future__ import annotations

from flask import Flask

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.thread.counts import recount_threads
from blog.db import db, writing
from blog.posts.models import Post
from blog.stored_messages import message
from tests.factories import a_comment, a_post
from tests.postgres.databases import on_sqlite


def insert_comments(post: Post, number: int) -> None:
    """Insert visible comments under a post, as an import does."""
    with changing_threads():
        db.session.add_all(Comment(post_id=post.id, name="Ann", body="x", body_html="x") for _ in range(number))


def count_steps(comment: Comment, post: Post) -> int:
    """Return the hundreds of SQLite VM steps that a recount of this comment takes."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with writing():
        comment, post = db.session.get_one(Comment, comment.id), db.session.get_one(Post, post.id)
        driver = db.session.connection().connection.driver_connection
        assert driver
        driver.set_progress_handler(step, 100)
        recount_threads([post], {comment.id})
        driver.set_progress_handler(None, 0)
    return steps


@on_sqlite  # without table statistics it may choose a slow index
def test_recount_takes_no_longer_with_other_threads(app: Flask) -> None:
    comment, other_post = a_comment(post := a_post()), a_post("Elsewhere")
    steps_alone = count_steps(comment, post)
    insert_comments(other_post, 3000)
    assert count_steps(comment, post) < steps_alone + 20


def test_branch_count_includes_the_root_and_visible_replies(app: Flask) -> None:
    post = a_post()
    root = a_comment(post)
    reply = a_comment(post, "Where?", root)
    a_comment(post, "At the weir.", reply)
    a_comment(post, "Another branch.")

    def recounted() -> int:
        with writing():
            recount_threads([db.session.get_one(Post, post.id)], {root.id})
        return db.session.get_one(Comment, root.id, populate_existing=True).branch_count

    assert recounted() == 3
    for comment, remaining in ((reply, 2), (root, 1)):
        with changing_threads():
            db.session.get_one(Comment, comment.id).hold(message("note", text="a look"))
        assert recounted() == remaining
