"""Count what the blog contains."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.db import db
from blog.media.models import Picture
from blog.posts.models import PAGE, POST, Post, post_labels


def count_content() -> dict[str, Any]:
    """Return the numbers of posts, pages, comments and more, by name.

    `posts` and `pages` are published, `drafts` counts both kinds, `labels` those in use, `images` the stored pictures.
    `authors` differ by profile, else by name. In `comments`, `replies` are visible replies; `max_depth` is 1 for
    roots, 2 for replies to them, and 0 without visible comments.
    """
    published = _count_by(Post.visible().with_only_columns(Post.kind, func.count()).group_by(Post.kind))
    return {
        "posts": published.get(POST, 0),
        "pages": published.get(PAGE, 0),
        "drafts": _scalar(select(func.count(Post.id)).where(Post.published_at.is_(None))),
        "scheduled": 0,
        "labels": _scalar(select(func.count(post_labels.c.label_id.distinct()))),
        "authors": _count_authors(),
        "images": _scalar(select(func.count(Picture.id))),
        "comments": _count_comments(),
    }


def format_counts(counts: dict[str, Any]) -> list[str]:
    """Format the counts as text, one line each."""
    lines = {name: number for name, number in counts.items() if name != "comments"}
    lines |= {f"comments, {name.replace('_', ' ')}": number for name, number in counts["comments"].items()}
    return [f"{name}: {number}" for name, number in lines.items()]


def _count_comments() -> dict[str, int]:
    counts = _count_by(select(Comment.status, func.count()).group_by(Comment.status))
    visible = Comment.status == VISIBLE
    deepest = db.session.scalar(select(func.max(Comment.depth)).where(visible))
    return {
        **{status: counts.get(status, 0) for status in (VISIBLE, HELD, SPAM, REMOVED)},
        "replies": _scalar(select(func.count(Comment.id)).where(visible, Comment.parent_id.is_not(None))),
        "max_depth": 0 if deepest is None else deepest + 1,
    }


def _count_authors() -> int:
    author = func.coalesce(Post.author_ref, Post.author_name)
    return _scalar(select(func.count(author.distinct())).where(author != ""))


def _count_by(query: Select[str, int]) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _scalar(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0
