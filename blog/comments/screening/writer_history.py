"""Look up what the database knows about a comment's writer.

Bans, earlier comments, held comments, and duplicates of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from blog.comments.models import ADDRESS, DOMAIN, EMAIL, HELD, READER, REMOVED, SPAM, VISIBLE, Ban, Comment
from blog.db import db
from blog.editors.audit_log import REMOVE
from blog.editors.models import AuditEntry
from blog.spam.muted_words import normalize_letters

RECENT_LIMIT = 5
"""How many of a writer's last comments are checked for removals."""

MAX_HELD, HELD_WINDOW = 3, timedelta(hours=1)
DUPLICATE_WINDOW, MAX_SEARCHED, MAX_COMPARED = timedelta(days=1), 2000, 100
# short texts such as thanks repeat without being spam
MIN_DUPLICATE_LENGTH = 30
NON_WORD = re.compile(r"\W+")


def find_bans(comment: Comment, domains: Iterable[str]) -> list[Ban]:
    """Return the bans on a comment's writer or on its domains."""
    names = sorted({parent for domain in domains for parent in _with_parent_domains(domain)})
    writer = [
        and_(Ban.kind == READER, Ban.value == comment.reader_key),
        and_(Ban.kind == ADDRESS, Ban.value == comment.address_key),
        and_(Ban.kind == EMAIL, Ban.value == comment.email.lower()),
        and_(Ban.kind == DOMAIN, Ban.value.in_(names)),
    ]
    return list(db.session.scalars(select(Ban).where(or_(*writer)).order_by(Ban.id).limit(5)))


def _with_parent_domains(domain: str) -> list[str]:
    parts = domain.split(".")
    return [".".join(parts[place:]) for place in range(len(parts))][:10]


def count_visible(comment: Comment) -> int:
    """Count the writer's other visible comments."""
    if comment.reader_key is None:
        return 0
    # a WHERE on the status would make SQLite scan all visible comments
    visible = select(func.count().filter(Comment.status == VISIBLE)).where(Comment.reader_key == comment.reader_key)
    return db.session.execute(visible.where(*_other_comments(comment))).scalar_one()


def count_visible_and_spam(comment: Comment) -> tuple[int, int]:
    """Count the writer's other comments: visible, and marked as spam."""
    if comment.reader_key is None:
        return 0, 0
    counts = func.count().filter(Comment.status == VISIBLE), func.count().filter(Comment.status == SPAM)
    visible, spam = db.session.execute(
        select(*counts).where(Comment.reader_key == comment.reader_key, *_other_comments(comment))
    ).one()
    return visible, spam


def has_recent_removal(comment: Comment) -> bool:
    """Return whether an editor removed one of the writer's last comments.

    Comments that the writer deleted do not count.
    """
    if comment.reader_key is None:
        return False
    newest = select(Comment.id, Comment.status).where(
        Comment.reader_key == comment.reader_key, *_other_comments(comment)
    )
    last = newest.order_by(Comment.created_at.desc()).limit(RECENT_LIMIT).subquery()
    by_editor = exists().where(
        AuditEntry.comment_id == last.c.id, AuditEntry.verb == REMOVE, AuditEntry.editor_id.is_not(None)
    )
    removed = or_(last.c.status == SPAM, and_(last.c.status == REMOVED, by_editor))
    return db.session.scalars(select(last.c.id).where(removed).limit(1)).first() is not None


def count_recently_held(comment: Comment, at: datetime) -> int:
    """Count recent comments of this reader or address that are not approved."""
    recent = Comment.created_at.between(at - HELD_WINDOW, at), Comment.status.in_((HELD, SPAM))
    counts = [
        db.session.execute(select(func.count()).where(writer, *recent, *_other_comments(comment))).scalar_one()
        for writer in _same_writer(comment)
    ]
    return max(counts, default=0)


def find_duplicate(comment: Comment, at: datetime) -> int | None:
    """Return the id of a recent comment with the same text.

    Searches the whole site; short texts are no duplicates.
    """
    key = _duplicate_key(comment.body)
    if len(key) < MIN_DUPLICATE_LENGTH:
        return None
    length = len(comment.body)
    alike = func.length(Comment.body).between(length * 3 // 4, length * 4 // 3)
    newest = select(func.max(Comment.id)).scalar_subquery() - MAX_SEARCHED
    recent = Comment.id > newest, Comment.created_at > at - DUPLICATE_WINDOW
    query = select(Comment.id, Comment.body).where(*recent, alike, *_other_comments(comment))
    found = db.session.execute(query.order_by(Comment.id.desc()).limit(MAX_COMPARED))
    return next((comment_id for comment_id, body in found if _duplicate_key(body) == key), None)


def _duplicate_key(text: str) -> str:
    """Return a text without case, spaces, punctuation and width variants."""
    return NON_WORD.sub("", normalize_letters(text)).casefold()


def _same_writer(comment: Comment) -> list[ColumnElement[bool]]:
    known = ((Comment.reader_key, comment.reader_key), (Comment.address_key, comment.address_key))
    return [column == key for column, key in known if key]


def _other_comments(comment: Comment) -> tuple[ColumnElement[bool], ...]:
    """Exclude this comment itself, if it is being changed."""
    return (Comment.id != comment.id,) if comment.id is not None else ()
