"""Add the welcome post and, on demand, demonstration posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from blog.db import db, now, writing
from blog.posts.labels import find_or_create_labels
from blog.posts.models import Post
from blog.posts.publishing import derive_fields, publish
from blog.posts.seed_texts import DEMO_POSTS, WELCOME
from blog.site.models import current_site

WELCOME_REF = "talkback:welcome"


def add_welcome_post() -> None:
    """Publish the welcome post on a blog without posts."""
    if db.session.scalar(select(func.count(Post.id))):
        return
    post = _build_post(WELCOME, WELCOME_REF)
    with writing():
        if not db.session.scalar(select(func.count(Post.id))):
            _publish_seed(post, WELCOME, 0)


def add_demo_posts() -> int:
    """Publish missing demonstration posts; return how many."""
    demos = [(fields, _build_post(fields, f"talkback:demo-{n}"), n) for n, fields in enumerate(DEMO_POSTS)]
    with writing():
        refs = [post.import_ref for _, post, _ in demos]
        existing = set(db.session.scalars(select(Post.import_ref).where(Post.import_ref.in_(refs))))
        missing = [(fields, post, n) for fields, post, n in demos if post.import_ref not in existing]
        for fields, post, n in missing:
            _publish_seed(post, fields, 7 * n + 1)
    return len(missing)


def remove_untouched_welcome() -> None:
    """Delete the unchanged, unanswered welcome post in the current transaction."""
    post = db.session.scalars(select(Post).where(Post.import_ref == WELCOME_REF)).one_or_none()
    if post and post.thread_version == 0 and post.updated_at == post.created_at:
        db.session.delete(post)


def _build_post(fields: dict[str, Any], ref: str) -> Post:
    post = Post(import_ref=ref, **{name: value for name, value in fields.items() if name != "labels"})
    derive_fields(post)
    return post


def _publish_seed(post: Post, fields: dict[str, Any], hours_ago: int) -> None:
    post.labels = find_or_create_labels(fields.get("labels", []))
    post.created_at = post.updated_at = now() - timedelta(hours=hours_ago)
    publish(post, post.created_at, current_site())
    # last: an earlier flush would count as a change, and imports delete only an unchanged welcome post
    db.session.add(post)
