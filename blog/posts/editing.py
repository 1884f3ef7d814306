"""Save and preview posts, with detection of edit conflicts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from blog.db import db, now, writing
from blog.html import editor_html, first_image
from blog.media.library import small_address
from blog.posts.labels import find_or_create_labels
from blog.posts.models import Label, Post
from blog.posts.publishing import announce, derive_fields, lock_post, publish, request_ping_for
from blog.site.models import current_site, raise_site_version

SAVE = "save"
PUBLISH = "publish"
UNPUBLISH = "unpublish"

TAG = re.compile(r"<[a-zA-Z!/]")
MAX_KEY_LENGTH = 64
DERIVED_COLUMNS = ("body", "body_html", "quote_html", "note_html", "excerpt", "thumbnail")


class EditConflict(Exception):
    """Refuse to overwrite an unseen change; `post` is the current revision."""

    def __init__(self, post: Post) -> None:
        super().__init__()
        self.post = post


@dataclass(frozen=True)
class PostInput:
    """Hold the validated input of an editor; None keeps the stored value.

    `fields` has columns of Post by name. A `comment_rule` of "" is the site's.
    """

    fields: dict[str, Any]
    comments_open: bool = True
    comment_rule: str | None = None
    published_at: datetime | None = None
    labels: list[str] | None = None


def stamp(post: Post | None) -> str:
    """Return the stamp of a post's revision, which forms carry."""
    return post.updated_at.isoformat(timespec="milliseconds") if post else ""


def normalize_newlines(text: str) -> str:
    """Convert newlines to \\n and remove NUL, which databases refuse."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def write_post(post_id: int | None, values: PostInput, action: str, base: str, key: str = "") -> Post:
    """Save a post, then publish or unpublish it, in one transaction.

    `base` is the stamp of the revision that the form was opened on. `key` identifies a new post's form: a repeated
    submission updates the post that the first one added. Raises EditConflict, NoPost and NothingToPublish.
    """
    stored = db.session.get(Post, post_id) if post_id else None
    draft = build_post(values, stored)
    with writing():
        post = _lock_unchanged(post_id, base) if post_id else _find_or_create(key, draft, values, base)
        new = post.id is None
        for name in [*values.fields, *DERIVED_COLUMNS]:
            setattr(post, name, getattr(draft, name))
        _apply_settings(post, values)
        db.session.add(post)
        if action == PUBLISH:
            publish(post, values.published_at or now(), current_site())
        elif action == UNPUBLISH:
            post.unpublish()
            post.site_version = raise_site_version()
        request_ping_for(post)
        post.updated_at, post.related_at = now(), None
        if new:
            post.created_at = post.updated_at
    announce(post)
    return post


def build_post(values: PostInput, stored: Post | None) -> Post:
    """Build a post outside the session from the input; slow.

    An unchanged body keeps its HTML, since the import sanitized it with the old blog's host and images. A changed body
    without tags is Markdown.
    """
    post = Post(**values.fields)
    unchanged = stored is not None and normalize_newlines(stored.body) == post.body
    if not unchanged and not TAG.search(post.body or ""):
        post.body = editor_html(post.body or "")
    derive_fields(post)
    if unchanged and stored is not None:
        post.body, post.body_html = stored.body, stored.body_html
        post.thumbnail = small_address(post.photo_url or first_image(post.body_html) or "")
    return post


def _lock_unchanged(post_id: int, base: str) -> Post:
    post = lock_post(post_id)
    if stamp(post) != base:
        raise EditConflict(post)
    return post


def _find_or_create(key: str, draft: Post, values: PostInput, base: str) -> Post:
    """Return the post that the same form added before, or create one."""
    key = key[:MAX_KEY_LENGTH]
    query = select(Post).where(Post.submission_key == key).execution_options(populate_existing=True)
    post = db.session.scalars(query).one_or_none() if key else None
    if post is None:
        return Post(comment_count=0, submission_key=key or None)
    same = all(getattr(post, name) == getattr(draft, name) for name in values.fields)
    if same or post.updated_at == post.created_at or stamp(post) == base:
        return post
    raise EditConflict(post)


def _apply_settings(post: Post, values: PostInput) -> None:
    if values.labels is not None:
        post.labels = find_or_create_labels(values.labels)
    if values.published_at is not None and post.published_at is not None:
        post.published_at = values.published_at
    if values.comment_rule is not None:
        post.comment_rule = values.comment_rule or None
    if values.comments_open:
        post.comments_closed_at = None
    else:
        post.comments_closed_at = post.comments_closed_at or now()


def build_preview(values: PostInput, stored: Post | None) -> Post:
    """Build the post as it would be published now; never saved."""
    post = build_post(values, stored)
    post.id = stored.id if stored else 0
    post.path = stored.path or "" if stored else ""
    post.published_at = values.published_at or (stored and stored.published_at) or now()
    post.comment_count = stored.comment_count if stored else 0
    post.thread_version = post.site_version = 0
    names = values.labels if values.labels is not None or stored is None else [label.name for label in stored.labels]
    post.labels = [Label(name=name) for name in dict.fromkeys(names or [])]
    return post
