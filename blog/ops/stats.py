"""What the blog holds, in numbers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.db import db
from blog.media.models import Picture
from blog.posts.models import PAGE, POST, Post, post_labels


def stats() -> dict[str, Any]:
    """The numbers of posts and comments.

    `posts` and `pages` are published, `drafts` of both kinds, `labels` those in use on either, `images` the pictures
    kept here. `authors` are told apart by their profile, else by name. In `comments`, `replies` are visible and answer
    another; `max_depth` is that of the deepest visible one: 1 at the top of a thread, 2 for a reply to it, 0 where
    there is none.
    """
    published = _counts(Post.visible().with_only_columns(Post.kind, func.count()).group_by(Post.kind))
    return {
        "posts": published.get(POST, 0),
        "pages": published.get(PAGE, 0),
        "drafts": _number(select(func.count(Post.id)).where(Post.published_at.is_(None))),
        "scheduled": 0,
        "labels": _number(select(func.count(post_labels.c.label_id.distinct()))),
        "authors": _authors(),
        "images": _number(select(func.count(Picture.id))),
        "comments": _comments(),
    }


def lines(numbers: dict[str, Any]) -> list[str]:
    """The same for people: a line for each number."""
    comments = numbers["comments"]
    named = {name: number for name, number in numbers.items() if name != "comments"}
    named |= {f"comments, {name.replace('_', ' ')}": number for name, number in comments.items()}
    return [f"{name}: {number}" for name, number in named.items()]


def _comments() -> dict[str, int]:
    counts = _counts(select(Comment.status, func.count()).group_by(Comment.status))
    visible = Comment.status == VISIBLE
    deepest = db.session.scalar(select(func.max(Comment.depth)).where(visible))
    return {
        **{status: counts.get(status, 0) for status in (VISIBLE, HELD, SPAM, REMOVED)},
        "replies": _number(select(func.count(Comment.id)).where(visible, Comment.parent_id.is_not(None))),
        "max_depth": 0 if deepest is None else deepest + 1,
    }


def _authors() -> int:
    author = func.coalesce(Post.author_ref, Post.author_name)
    return _number(select(func.count(author.distinct())).where(author != ""))


def _counts(query: Select[str, int]) -> dict[str, int]:
    return dict(db.session.execute(query).all())


def _number(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0
