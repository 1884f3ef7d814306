"""Look up what the database knows about a comment's writer: earlier comments and bans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, literal, or_, select, union_all

from blog.comments.models import ADDRESS, DOMAIN, EMAIL, HELD, READER, REMOVED, SPAM, VISIBLE, Ban, Comment
from blog.comments.screening.submission import Submission
from blog.db import db
from blog.editors.audit_log import REMOVE
from blog.editors.models import AuditEntry

MAX_COMMENTS = 200
"""How many of the last comments of a reader, and of an address, are read."""
RECENT_LIMIT = 5
"""How many of a reader's last comments are checked for removals."""
HELD_WINDOW = timedelta(hours=1)
MAX_BANS = 5


class WriterHistory(NamedTuple):
    """Represent what is known about a writer.

    `visible` and `spam` count the reader's other comments, `recently_held` those of the reader or of the address that
    are not approved. `has_recent_removal` says that an editor took away one of the reader's last comments; comments
    that the writer deleted do not count. `bans` are those on the writer and on the domains of the comment.
    """

    visible: int = 0
    spam: int = 0
    recently_held: int = 0
    has_recent_removal: bool = False
    bans: tuple[Ban, ...] = ()


def look_up_history(submission: Submission, at: datetime) -> WriterHistory:
    """Return the history of a writer, without the comment itself."""
    since = at - HELD_WINDOW
    values = {"reader": submission.reader_key, "address": submission.address_key, "since": since, "until": at}
    rows = db.session.execute(EARLIER_COMMENTS, values | {"comment_id": submission.comment_id or 0}).all()
    by_reader = [row for row in rows if row.by_reader]
    held = [row for row in rows if row.status in {HELD, SPAM} and since <= row.created_at <= at]
    by_reader_held = sum(row.by_reader for row in held)
    return WriterHistory(
        visible=sum(row.status == VISIBLE for row in by_reader),
        spam=sum(row.status == SPAM for row in by_reader),
        recently_held=max(by_reader_held, len(held) - by_reader_held),
        has_recent_removal=any(row.status == SPAM or row.taken_away for row in by_reader[:RECENT_LIMIT]),
        bans=find_bans(submission),
    )


def find_bans(submission: Submission) -> tuple[Ban, ...]:
    """Return the bans on a comment's writer or on its domains."""
    names = sorted({parent for domain in submission.domains for parent in _with_parent_domains(domain)})
    values = {"reader": submission.reader_key, "address": submission.address_key, "domains": names}
    return tuple(db.session.scalars(BANS, values | {"email": submission.email.lower()}))


def _with_parent_domains(domain: str) -> Iterable[str]:
    parts = domain.split(".")
    return [".".join(parts[place:]) for place in range(len(parts))][:10]


def _earlier_comments() -> Any:
    by_editor = exists().where(
        AuditEntry.comment_id == Comment.id, AuditEntry.verb == REMOVE, AuditEntry.editor_id.is_not(None)
    )
    taken_away = case((Comment.status == REMOVED, by_editor), else_=false()).label("taken_away")
    # no condition on the status, or SQLite would scan the index of all comments with that status
    others = Comment.id != bindparam("comment_id")
    recent = Comment.created_at.between(bindparam("since"), bindparam("until"))
    of_reader = _newest(Comment.reader_key == bindparam("reader"), others, by_reader=True, taken_away=taken_away)
    of_address = _newest(
        Comment.address_key == bindparam("address"), recent, others, by_reader=False, taken_away=false()
    )
    return union_all(of_reader, of_address)


def _newest(*conditions: ColumnElement[bool], by_reader: bool, taken_away: Any) -> Any:
    columns = (Comment.status, Comment.created_at, literal(by_reader).label("by_reader"))
    newest = (
        select(*columns, taken_away.label("taken_away"))
        .where(*conditions)
        .order_by(Comment.created_at.desc())
        .limit(MAX_COMMENTS)
    )
    return select(newest.subquery())


def _bans() -> Any:
    writer = [
        and_(Ban.kind == READER, Ban.value == bindparam("reader")),
        and_(Ban.kind == ADDRESS, Ban.value == bindparam("address")),
        and_(Ban.kind == EMAIL, Ban.value == bindparam("email")),
        and_(Ban.kind == DOMAIN, Ban.value.in_(bindparam("domains", expanding=True))),
    ]
    return select(Ban).where(or_(*writer)).order_by(Ban.id).limit(MAX_BANS)


# built once: building these and those of thread/counts.py takes 10 % of the time to post a comment
EARLIER_COMMENTS = _earlier_comments()
BANS = _bans()
