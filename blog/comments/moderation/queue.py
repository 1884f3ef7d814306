"""The editors' queue: which comments it shows, what it tells of each, and how many wait."""

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
# visible ones that readers have reported since it was last decided on them
REPORTED = "reported"
KEPT = (HELD, SPAM, REMOVED, VISIBLE)
STATES = (HELD, REPORTED, SPAM, REMOVED, VISIBLE, ALL)
PAGE_SIZE = 40
MOST_WORDS = 8
# of those that wait, the newest so many are told apart
NEWEST_WAITING = 50


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a state or all, words in the text, the name or the e-mail address, a post, and `like`, a
    comment whose reader, e-mail address or network address (`kind`) it shall be.
    """

    state: str
    words: str = ""
    post_id: int | None = None
    kind: str = ""
    like: Comment | None = None

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.post_id or self.like)


@dataclass(frozen=True)
class Waiting:
    """How many comments wait, the newest of them by their ids, and the queue's version when that was so."""

    version: int
    count: int
    newest: tuple[int, ...]


def comments_in(wanted: Wanted, after: str | None) -> Page[Comment]:
    """The newest ones first. Each state is read by itself, as far as a page needs: the index goes by state."""
    states = KEPT if wanted.state == ALL else (wanted.state,)
    newest = union_all(*(_newest_of(replace(wanted, state=state), after) for state in states)).subquery()
    query = select(Comment).where(Comment.id.in_(select(newest.c.id)))
    query = query.options(
        selectinload(Comment.post).load_only(*SHOWN_OF_POST).lazyload(Post.labels), selectinload(Comment.parent)
    )
    return load_page(query, Comment.created_at, Comment.id, after, PAGE_SIZE)


SHOWN_OF_POST = (Post.title, Post.excerpt, Post.path, Post.published_at, Post.unpublished_at, Post.trashed_at)


def _newest_of(wanted: Wanted, after: str | None) -> Select[Any]:
    # under one post, or of one writer, there are few: that is what to look up, and not the state's index
    reported = wanted.state == REPORTED
    few = wanted.post_id is not None or wanted.like is not None or reported
    state = func.coalesce(Comment.status, "") if few else Comment.status
    query = select(Comment.id).where(state == (VISIBLE if reported else wanted.state))
    if reported:
        query = query.where(is_reported())
    query = query.where(is_older_than(Comment.created_at, Comment.id, after))
    if wanted.post_id is not None:
        query = query.where(Comment.post_id == wanted.post_id)
    if wanted.like is not None:
        query = query.where(_same(wanted.kind, wanted.like))
    for word in wanted.words.split()[:MOST_WORDS]:
        fields = (Comment.body, Comment.name, Comment.email)
        query = query.where(or_(*(contains(field, word) for field in fields)))
    newest = query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(PAGE_SIZE + 1).subquery()
    return select(newest.c.id)


def _same(kind: str, like: Comment) -> Any:
    if kind == EMAIL:
        return Comment.has_email(like.email)
    columns = {READER: Comment.reader_key, ADDRESS: Comment.address_key}
    value = {READER: like.reader_key, ADDRESS: like.address_key}[kind]
    return columns[kind] == value if value else false()


def shown_of_readers(comments: Sequence[Comment]) -> dict[int, int]:
    """For each of these comments whose reader is known: how many others of that reader are shown."""
    readers = {comment.reader_key for comment in comments if comment.reader_key}
    # the state is no condition, since the index to go by is that of the readers
    shown = func.sum(case((Comment.status == VISIBLE, 1), else_=0))
    counted = select(Comment.reader_key, shown).where(Comment.reader_key.in_(readers)).group_by(Comment.reader_key)
    found: dict[str | None, int] = dict(db.session.execute(counted).all()) if readers else {}
    return {
        comment.id: found.get(comment.reader_key, 0) - comment.visible for comment in comments if comment.reader_key
    }


def waiting() -> Waiting:
    """Read at once, so that the number is what the version says."""
    held = select(func.count()).where(Comment.status == HELD).scalar_subquery()
    version, count = db.session.execute(select(Site.queue_version, held)).one()
    newest = select(Comment.id).where(Comment.status == HELD)
    newest = newest.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(NEWEST_WAITING)
    return Waiting(version, count, tuple(db.session.scalars(newest)) if count else ())
