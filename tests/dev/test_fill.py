from __future__ import annotations

import json

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.dev.fake_text import FakeText
from blog.dev.fill import Extent, fill
from blog.html import comment_html
from blog.posts.models import Post
from tests.factories import a_comment, a_post


def read_stats(app: Flask) -> dict[str, object]:
    return json.loads(app.test_cli_runner().invoke(args=["stats", "--json"]).stdout)


def test_fill_adds_the_given_numbers(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["fill", "--posts", "30", "--comments", "400", "--largest", "150"])
    assert result.exit_code == 0, result.output
    numbers = read_stats(app)
    assert numbers["posts"] == 30
    comments = numbers["comments"]
    assert comments["visible"] == 400
    assert 100 < comments["replies"] < 300
    newest = db.session.scalars(Post.visible().order_by(Post.published_at.desc())).first()
    assert newest.comment_count == 150


def test_more_comments_in_one_post_than_in_all_are_refused(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["fill", "--posts", "3", "--comments", "4", "--largest", "5"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert read_stats(app)["posts"] == 0


def test_the_same_seed_gives_the_same_texts(app: Flask) -> None:
    list(fill(Extent(3, 40), seed=1))
    list(fill(Extent(3, 40), seed=1))
    list(fill(Extent(3, 40), seed=2))
    bodies = list(db.session.scalars(select(Comment.body).order_by(Comment.id)))
    assert bodies[:40] == bodies[40:80]
    assert bodies[:40] != bodies[80:]
    parents = list(db.session.scalars(select(Comment.parent_id).order_by(Comment.id)))
    assert [p and p + 40 for p in parents[:40]] == parents[40:80]


def test_counts_and_depths_match_those_of_posting(app: Flask) -> None:
    list(fill(Extent(4, 200, 120)))
    for post in db.session.scalars(select(Post)):
        comments = list(db.session.scalars(Comment.visible_on(post).order_by(Comment.id)))
        by_id = {comment.id: comment for comment in comments}
        assert post.comment_count == len(comments)
        assert post.top_count == sum(comment.parent_id is None for comment in comments)
        for comment in comments:
            parent = by_id.get(comment.parent_id or 0)
            top = by_id[comment.root_id] if comment.root_id else comment
            assert comment.depth == (parent.depth + 1 if parent else 0)
            assert comment.root_id == (None if not parent else parent.root_id or parent.id)
            assert not parent or parent.created_at < comment.created_at
            assert top.branch_count == sum((c.root_id or c.id) == top.id for c in comments)


def test_readers_can_reply_after_filling(app: Flask, client: FlaskClient) -> None:
    list(fill(Extent(2, 30)))
    comment = a_comment(a_post(), "Real words.")
    assert comment.id == 31
    filled = db.session.scalars(select(Post).order_by(Post.id)).first()
    before = filled.thread_version
    a_comment(filled, "Under a fake post.")
    assert "Under a fake post." in client.get(filled.path or "").text
    assert db.session.get(Post, filled.id, populate_existing=True).thread_version == before + 1


def test_fake_html_equals_sanitized_html() -> None:
    from random import Random

    fake = FakeText(Random(3))
    for _ in range(30):
        text = fake.comment()
        assert fake.html(text) == comment_html(text)
