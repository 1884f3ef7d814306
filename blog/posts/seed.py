"""What stands on a new blog: the welcome post, and on demand a few posts that show every field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from blog.db import db, now, writing
from blog.posts.labels import labelled
from blog.posts.models import Post
from blog.posts.publishing import derive, publish
from blog.posts.seed_texts import DEMONSTRATION, WELCOME
from blog.site.models import current_site

WELCOME_REF = "talkback:welcome"


def plant_welcome() -> None:
    """On a blog without any post: one that a reader can answer at once."""
    if db.session.scalar(select(func.count(Post.id))):
        return
    post = _written(WELCOME, WELCOME_REF)
    with writing():
        if not db.session.scalar(select(func.count(Post.id))):
            _show(post, WELCOME, 0)


def plant_demonstration() -> int:
    """Plant the demonstration posts that do not stand yet, newest first; returns how many."""
    written = [(fields, _written(fields, f"talkback:demo-{n}"), n) for n, fields in enumerate(DEMONSTRATION)]
    with writing():
        refs = [post.import_ref for _, post, _ in written]
        standing = set(db.session.scalars(select(Post.import_ref).where(Post.import_ref.in_(refs))))
        missing = [(fields, post, n) for fields, post, n in written if post.import_ref not in standing]
        for fields, post, n in missing:
            _show(post, fields, 7 * n + 1)
    return len(missing)


def remove_untouched_welcome() -> None:
    """Inside an act: take the welcome post away, unless somebody answered or changed it."""
    post = db.session.scalars(select(Post).where(Post.import_ref == WELCOME_REF)).one_or_none()
    if post and post.thread_version == 0 and post.updated_at == post.created_at:
        db.session.delete(post)


def _written(fields: dict[str, Any], ref: str) -> Post:
    post = Post(import_ref=ref, **{name: value for name, value in fields.items() if name != "labels"})
    derive(post)
    return post


def _show(post: Post, fields: dict[str, Any], hours_ago: int) -> None:
    post.labels = labelled(fields.get("labels", []))
    post.created_at = post.updated_at = now() - timedelta(hours=hours_ago)
    publish(post, post.created_at, current_site())
    # last: a flush before would count as a change, and an import only removes a welcome that nobody changed
    db.session.add(post)
