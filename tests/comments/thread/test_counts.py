"""Counting anew takes as long as what is counted is large, however large the blog is."""

from __future__ import annotations

from flask import Flask

from blog.comments.models import Comment
from blog.comments.thread.counts import recount, recount_branches
from blog.db import db, writing
from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.postgres.databases import on_sqlite


def planted(post: Post, number: int) -> None:
    """So many visible comments under a post, as an import writes them."""
    with writing():
        db.session.add_all(Comment(post_id=post.id, name="Ann", body="x", body_html="x") for _ in range(number))


def steps(comment: Comment, post: Post) -> int:
    """How many hundreds of steps SQLite's machine takes to count anew after this comment changed."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    with writing():
        comment, post = db.session.get_one(Comment, comment.id), db.session.get_one(Post, post.id)
        driver = db.session.connection().connection.driver_connection
        assert driver
        driver.set_progress_handler(step, 100)
        recount(comment, post)
        driver.set_progress_handler(None, 0)
    return taken


@on_sqlite  # which has no figures on its tables and takes the first index that it may
def test_other_threads_make_it_no_longer(app: Flask) -> None:
    comment, elsewhere = a_comment(post := a_post()), a_post("Elsewhere")
    alone = steps(comment, post)
    planted(elsewhere, 3000)
    assert steps(comment, post) < alone + 20


def test_a_branch_counts_itself_and_what_is_visible_under_it(app: Flask) -> None:
    post = a_post()
    top = a_comment(post)
    reply = a_comment(post, "Where?", top)
    a_comment(post, "At the weir.", reply)
    a_comment(post, "Another branch.")

    def counted() -> int:
        with writing():
            recount_branches({top.id})
        return db.session.get_one(Comment, top.id, populate_existing=True).branch_count

    assert counted() == 3
    for comment, left in ((reply, 2), (top, 1)):
        with writing():
            db.session.get_one(Comment, comment.id).hold("a look")
        assert counted() == left
