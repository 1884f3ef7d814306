"""Query the moderation queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, case, false, func, or_, select, union_all
from sqlalchemy.orm import selectinload

from blog.case_folding import contains
from blog.comments.models import ADDRESS, EMAIL, HELD, READER, REMOVED, SPAM, VISIBLE, Comment, is_reported
from blog.db import db
from blog.posts.models import Post
from blog.site.models import Site
from blog.web.pagination import Page, is_older_than, load_page

ALL = "all"
# visible comments with reports since the last decision
REPORTED = "reported"
STATUSES = (HELD, SPAM, REMOVED, VISIBLE)
STATES = (HELD, REPORTED, SPAM, REMOVED, VISIBLE, ALL)
PAGE_SIZE = 40
MAX_SEARCH_WORDS = 8
# the page compares these ids to find new held comments
NEWEST_LIMIT = 50


@dataclass(frozen=True)
class QueueFilter:
    """Describe which comments the queue shows.

    `state` is a status, "reported" or "all"; `words` must occur in the text, name or e-mail; `kind` says what the
    writer must share with the comment `like`: reader, e-mail or network address.
    """

    state: str
    words: str = ""
    post_id: int | None = None
    kind: str = ""
    like: Comment | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.post_id or self.like)

    @property
    def parameters(self) -> dict[str, str | int]:
        """Return the filters as they stand in the address, without the state."""
        values = {"q": self.words, "post": self.post_id, self.kind: self.like.id if self.like else None}
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class HeldCount:
    """Count held comments; `newest` are ids, `version` is the queue's."""

    version: int
    count: int
    newest: tuple[int, ...]


def comments_in(queue_filter: QueueFilter, after: str | None) -> Page[Comment]:
    """Return a page of comments, newest first.

    Each status is read by itself, since the index begins with the status.
    """
    states = STATUSES if queue_filter.state == ALL else (queue_filter.state,)
    newest = union_all(*(_select_newest(replace(queue_filter, state=state), after) for state in states)).subquery()
    query = select(Comment).where(Comment.id.in_(select(newest.c.id)))
    query = query.options(
        selectinload(Comment.post).load_only(*POST_COLUMNS).lazyload(Post.labels), selectinload(Comment.parent)
    )
    return load_page(query, Comment.created_at, Comment.id, after, PAGE_SIZE)


POST_COLUMNS = (Post.title, Post.excerpt, Post.path, Post.published_at, Post.unpublished_at, Post.trashed_at)


def _select_newest(queue_filter: QueueFilter, after: str | None) -> Select[Any]:
    # one post or writer has few comments: the COALESCE makes the database use their index, not the status's
    reported = queue_filter.state == REPORTED
    narrow = queue_filter.post_id is not None or queue_filter.like is not None or reported
    state = func.coalesce(Comment.status, "") if narrow else Comment.status
    query = select(Comment.id).where(state == (VISIBLE if reported else queue_filter.state))
    if reported:
        query = query.where(is_reported())
    query = query.where(is_older_than(Comment.created_at, Comment.id, after))
    if queue_filter.post_id is not None:
        query = query.where(Comment.post_id == queue_filter.post_id)
    if queue_filter.like is not None:
        query = query.where(_same_writer(queue_filter.kind, queue_filter.like))
    for word in queue_filter.words.split()[:MAX_SEARCH_WORDS]:
        fields = (Comment.body, Comment.name, Comment.email)
        query = query.where(or_(*(contains(field, word) for field in fields)))
    newest = query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(PAGE_SIZE + 1).subquery()
    return select(newest.c.id)


def _same_writer(kind: str, like: Comment) -> Any:
    if kind == EMAIL:
        return Comment.has_email(like.email)
    columns = {READER: Comment.reader_key, ADDRESS: Comment.address_key}
    value = {READER: like.reader_key, ADDRESS: like.address_key}[kind]
    return columns[kind] == value if value else false()


def visible_by_same_reader(comments: Sequence[Comment]) -> dict[int, int]:
    """Count the visible comments of each comment's reader, without itself."""
    readers = {comment.reader_key for comment in comments if comment.reader_key}
    # no WHERE on the status, so that the index of readers is used
    visible = func.sum(case((Comment.status == VISIBLE, 1), else_=0))
    query = select(Comment.reader_key, visible).where(Comment.reader_key.in_(readers)).group_by(Comment.reader_key)
    found: dict[str | None, int] = dict(db.session.execute(query).all()) if readers else {}
    return {
        comment.id: found.get(comment.reader_key, 0) - comment.visible for comment in comments if comment.reader_key
    }


def count_held() -> HeldCount:
    """Count held comments, together with the version of the queue."""
    held = select(func.count()).where(Comment.status == HELD).scalar_subquery()
    version, count = db.session.execute(select(Site.queue_version, held)).one()
    newest = select(Comment.id).where(Comment.status == HELD)
    newest = newest.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(NEWEST_LIMIT)
    return HeldCount(version, count, tuple(db.session.scalars(newest)) if count else ())
