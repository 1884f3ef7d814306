"""Test the counts of a blog's content."""

from __future__ import annotations

import json

from flask import Flask

from blog.db import db
from blog.ops.stats import count_content
from tests.factories import a_comment, a_post
from tests.importing.export_files import run

EMPTY = {"visible": 0, "held": 0, "spam": 0, "removed": 0, "replies": 0, "max_depth": 0}


def test_an_empty_blog_has_zero_counts(app: Flask) -> None:
    counts = count_content()
    assert counts.pop("comments") == EMPTY
    assert set(counts.values()) == {0}


def test_posts_pages_drafts_labels_and_authors_are_counted(app: Flask) -> None:
    a_post("One", labels=("a", "b"), author_name="Ann", author_ref="https://ann.example.org/")
    a_post("Two", labels=("b",), author_name="Ann B.", author_ref="https://ann.example.org/")
    a_post("Three", draft=True, labels=("c",), author_name="Bob")
    a_post("About", kind="page", author_name="")
    a_post("Imprint", kind="page", draft=True)
    counts = count_content()
    assert [counts[name] for name in ("posts", "pages", "drafts", "scheduled", "images")] == [2, 1, 2, 0, 0]
    assert (counts["labels"], counts["authors"]) == (3, 2)


def test_comments_are_counted_by_status_and_max_depth_by_visible_ones(app: Flask) -> None:
    post = a_post()
    top = a_comment(post)
    reply = a_comment(post, parent=top)
    deepest = a_comment(post, parent=reply)
    a_comment(post, trapped=True)
    assert count_content()["comments"] == EMPTY | {"visible": 3, "held": 1, "replies": 2, "max_depth": 3}
    deepest.remove()
    db.session.commit()
    assert count_content()["comments"] == EMPTY | {"visible": 2, "held": 1, "removed": 1, "replies": 1, "max_depth": 2}


def test_the_command_prints_one_object_or_one_line_per_count(app: Flask) -> None:
    a_comment(a_post())
    assert json.loads(run(app, "stats", "--json").stdout) == count_content()
    lines = run(app, "stats").stdout.splitlines()
    assert "posts: 1" in lines
    assert "comments, max depth: 1" in lines
