"""Writing a post: what an editor typed becomes what stands, unless somebody else changed it meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from blog.db import db, now, writing
from blog.html import editor_html, first_image
from blog.media.library import small_address
from blog.posts.labels import labelled
from blog.posts.models import Label, Post
from blog.posts.publishing import announce, derive, for_writing, publish
from blog.site.models import current_site, raise_site_version

SAVE = "save"
PUBLISH = "publish"
UNPUBLISH = "unpublish"

TAG = re.compile(r"<[a-zA-Z!/]")
KEY_LENGTH = 64
DERIVED = ("body", "body_html", "quote_html", "note_html", "excerpt", "thumbnail")


class Changed(Exception):
    """Somebody else changed the post since the form was opened; `post` is what stands now."""

    def __init__(self, post: Post) -> None:
        super().__init__()
        self.post = post


@dataclass(frozen=True)
class Typed:
    """What an editor typed, checked by the form: `fields` of Post by name; None for what stays as it is. `comment_rule`
    is "" for the site's.
    """

    fields: dict[str, Any]
    comments_open: bool = True
    comment_rule: str | None = None
    published_at: datetime | None = None
    labels: list[str] | None = None


def stamp(post: Post | None) -> str:
    """What a form remembers of the state that it was opened on."""
    return post.updated_at.isoformat(timespec="milliseconds") if post else ""


def one_newline(text: str) -> str:
    """As every text is kept: newlines of one kind, and no NUL, which no database takes."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def write_post(post_id: int | None, typed: Typed, then: str, seen: str, key: str = "") -> Post:
    """Save a post, a new one where there is no id, and then publish or unpublish it, in one act.

    `seen` is the stamp of the state that the form was opened on: Changed where it stands no longer. `key` is the name
    of a new post's form: what arrives under it once more goes into the post that the first arrival made. NoPost
    where the post is not there, Nameless where it is to be published and has nothing to show.
    """
    standing = db.session.get(Post, post_id) if post_id else None
    written = shown(typed, standing)
    with writing():
        post = _as_seen(post_id, seen) if post_id else _new(key, written, typed, seen)
        new = post.id is None
        for name in [*typed.fields, *DERIVED]:
            setattr(post, name, getattr(written, name))
        _settle(post, typed)
        db.session.add(post)
        if then == PUBLISH:
            publish(post, typed.published_at or now(), current_site())
        elif then == UNPUBLISH:
            post.unpublish()
            post.site_version = raise_site_version()
        post.updated_at = now()
        if new:
            post.created_at = post.updated_at
    announce(post)
    return post


def shown(typed: Typed, standing: Post | None) -> Post:
    """A post of no session that shows what was typed; slow.

    A body that was not touched stays as it stands: the import knew the old blog's address and its pictures, and
    cleaned it by them. A changed one without a single tag was typed as Markdown, and becomes HTML here.
    """
    post = Post(**typed.fields)
    untouched = standing is not None and one_newline(standing.body) == post.body
    if not untouched and not TAG.search(post.body or ""):
        post.body = editor_html(post.body or "")
    derive(post)
    if untouched and standing is not None:
        post.body, post.body_html = standing.body, standing.body_html
        post.thumbnail = small_address(post.photo_url or first_image(post.body_html) or "")
    return post


def _as_seen(post_id: int, seen: str) -> Post:
    post = for_writing(post_id)
    if stamp(post) != seen:
        raise Changed(post)
    return post


def _new(key: str, written: Post, typed: Typed, seen: str) -> Post:
    """A new post, or the one that the same form has made: pressed twice, or gone back to and pressed once more."""
    key = key[:KEY_LENGTH]
    made = select(Post).where(Post.submission_key == key).execution_options(populate_existing=True)
    post = db.session.scalars(made).one_or_none() if key else None
    if post is None:
        return Post(comment_count=0, submission_key=key or None)
    same = all(getattr(post, name) == getattr(written, name) for name in typed.fields)
    if same or post.updated_at == post.created_at or stamp(post) == seen:
        return post
    raise Changed(post)


def _settle(post: Post, typed: Typed) -> None:
    if typed.labels is not None:
        post.labels = labelled(typed.labels)
    if typed.published_at is not None and post.published_at is not None:
        post.published_at = typed.published_at
    if typed.comment_rule is not None:
        post.comment_rule = typed.comment_rule or None
    if typed.comments_open:
        post.comments_closed_at = None
    else:
        post.comments_closed_at = post.comments_closed_at or now()


def preview_of(typed: Typed, standing: Post | None) -> Post:
    """The post as it would be published now; it belongs to no session and is never saved."""
    post = shown(typed, standing)
    post.id = standing.id if standing else 0
    post.path = standing.path or "" if standing else ""
    post.published_at = typed.published_at or (standing and standing.published_at) or now()
    post.comment_count = standing.comment_count if standing else 0
    post.thread_version = post.site_version = 0
    names = typed.labels if typed.labels is not None or standing is None else [label.name for label in standing.labels]
    post.labels = [Label(name=name) for name in dict.fromkeys(names or [])]
    return post
