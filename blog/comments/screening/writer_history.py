"""What the database knows of whoever writes: bans, what was shown and taken away before, what waits, what repeats."""

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

LOOKED_BACK = 5
"""How many of a reader's last responses count."""

MANY_WAITING, WAITING_SINCE = 3, timedelta(hours=1)
REPEATED_SINCE, LOOKED_THROUGH, ALIKE = timedelta(days=1), 2000, 100
# thanks and congratulations are repeated by everybody
SHORT = 30
SIGNS = re.compile(r"\W+")


def bans_on(comment: Comment, domains: Iterable[str]) -> list[Ban]:
    """The bans that the writer of this response, or a domain in it, stands under."""
    named = sorted({above for domain in domains for above in _domain_and_above(domain)})
    whose = [
        and_(Ban.kind == READER, Ban.value == comment.reader_key),
        and_(Ban.kind == ADDRESS, Ban.value == comment.address_key),
        and_(Ban.kind == EMAIL, Ban.value == comment.email.lower()),
        and_(Ban.kind == DOMAIN, Ban.value.in_(named)),
    ]
    return list(db.session.scalars(select(Ban).where(or_(*whose)).order_by(Ban.id).limit(5)))


def _domain_and_above(domain: str) -> list[str]:
    parts = domain.split(".")
    return [".".join(parts[place:]) for place in range(len(parts))][:10]


def shown_of(comment: Comment) -> int:
    """How many other responses of this reader are visible."""
    if comment.reader_key is None:
        return 0
    # a condition on the state would have SQLite look through all that are visible
    visible = select(func.count().filter(Comment.status == VISIBLE)).where(Comment.reader_key == comment.reader_key)
    return db.session.execute(visible.where(*_others(comment))).scalar_one()


def history_of(comment: Comment) -> tuple[int, int]:
    """How many other responses of this reader are visible, and how many are marked as spam."""
    if comment.reader_key is None:
        return 0, 0
    counts = func.count().filter(Comment.status == VISIBLE), func.count().filter(Comment.status == SPAM)
    shown, spam = db.session.execute(
        select(*counts).where(Comment.reader_key == comment.reader_key, *_others(comment))
    ).one()
    return shown, spam


def taken_away(comment: Comment) -> bool:
    """Whether an editor took one of this reader's last responses away; what its writer removed does not count."""
    if comment.reader_key is None:
        return False
    newest = select(Comment.id, Comment.status).where(Comment.reader_key == comment.reader_key, *_others(comment))
    last = newest.order_by(Comment.created_at.desc()).limit(LOOKED_BACK).subquery()
    by_editor = exists().where(
        AuditEntry.comment_id == last.c.id, AuditEntry.verb == REMOVE, AuditEntry.editor_id.is_not(None)
    )
    taken = or_(last.c.status == SPAM, and_(last.c.status == REMOVED, by_editor))
    return db.session.scalars(select(last.c.id).where(taken).limit(1)).first() is not None


def waiting_of(comment: Comment, at: datetime) -> int:
    """How many responses of this reader, or from this address, came to wait lately and were not approved."""
    lately = Comment.created_at.between(at - WAITING_SINCE, at), Comment.status.in_((HELD, SPAM))
    counts = [
        db.session.execute(select(func.count()).where(whose, *lately, *_others(comment))).scalar_one()
        for whose in _writers(comment)
    ]
    return max(counts, default=0)


def same_text_before(comment: Comment, at: datetime) -> int | None:
    """The id of a recent response, anywhere on the site, that says the same; short texts are nobody's own."""
    said = _essence(comment.body)
    if len(said) < SHORT:
        return None
    length = len(comment.body)
    alike = func.length(Comment.body).between(length * 3 // 4, length * 4 // 3)
    newest = select(func.max(Comment.id)).scalar_subquery() - LOOKED_THROUGH
    recent = Comment.id > newest, Comment.created_at > at - REPEATED_SINCE
    query = select(Comment.id, Comment.body).where(*recent, alike, *_others(comment))
    found = db.session.execute(query.order_by(Comment.id.desc()).limit(ALIKE))
    return next((number for number, body in found if _essence(body) == said), None)


def _essence(text: str) -> str:
    """What a text says, without what a copier changes: case, blanks, punctuation, widths."""
    return SIGNS.sub("", normalize_letters(text)).casefold()


def _writers(comment: Comment) -> list[ColumnElement[bool]]:
    known = ((Comment.reader_key, comment.reader_key), (Comment.address_key, comment.address_key))
    return [column == key for column, key in known if key]


def _others(comment: Comment) -> tuple[ColumnElement[bool], ...]:
    """Not this response itself, where it is being changed."""
    return (Comment.id != comment.id,) if comment.id is not None else ()
