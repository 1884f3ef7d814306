"""Count visible posts by month, author and label.

The counts are stored, so that the archive costs the same for every number of posts. Each transaction that changes one
of COLUMNS, or the site's time zone, recounts at its end what the changed posts belong to and belonged to. Sessions
find changed posts by themselves; who writes past them calls `recount_later`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import delete, event, func, insert, inspect, select
from sqlalchemy.orm import Session

from blog.db import db
from blog.posts.archive.local_months import Month, month_bounds, month_of
from blog.posts.archive.models import ArchiveMonth, Author
from blog.posts.models import POST, Label, Post, post_labels
from blog.site.models import UNSYNCHRONIZED, Site, current_site

COLUMNS = ("kind", "published_at", "unpublished_at", "trashed_at", "author_name", "labels")
# names or ids in one query
CHUNK_SIZE = 500

T = TypeVar("T")


@dataclass
class ChangedCounts:
    """Collect what a transaction has to recount."""

    zone: bool = False
    moments: set[datetime] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    labels: set[Label] = field(default_factory=set)

    def add_post(self, post: Post) -> None:
        """Add the months, authors and labels that a post has and had since the last flush."""
        state = inspect(post)
        history = {name: state.attrs[name].load_history().sum() for name in ("published_at", "author_name", "labels")}
        self.moments |= {at for at in history["published_at"] if isinstance(at, datetime)}
        self.authors |= {name for name in history["author_name"] if isinstance(name, str)}
        self.labels |= {label for label in history["labels"] if isinstance(label, Label)}

    def recount(self) -> None:
        """Recount in the current transaction."""
        zone = current_site().zone
        if self.zone:
            recount_all_months(zone)
        else:
            recount_months({month_of(at, zone) for at in self.moments}, zone)
        recount_authors(self.authors)
        recount_labels(self.labels)


def recount_later(*changed: Post | Label) -> None:
    """Recount labels, and what posts belong to, at the end of the current transaction."""
    changes = _changes(db.session())
    for one in changed:
        if isinstance(one, Post):
            changes.add_post(one)
        else:
            changes.labels.add(one)


def recount_months(months: Iterable[Month], zone: ZoneInfo) -> None:
    for year, month in months:
        this = {"year": year, "month": month}
        db.session.execute(delete(ArchiveMonth).filter_by(**this), execution_options=UNSYNCHRONIZED)
        if count := _count_between(*month_bounds(year, month, zone)):
            db.session.execute(insert(ArchiveMonth).values(**this, post_count=count))


def recount_all_months(zone: ZoneInfo) -> None:
    """Go from month to month with posts, newest first, in two queries for each."""
    db.session.execute(delete(ArchiveMonth), execution_options=UNSYNCHRONIZED)
    newest = _visible_posts(func.max(Post.published_at))
    at = db.session.scalar(newest)
    while at is not None:
        year, month = month_of(at, zone)
        first, end = month_bounds(year, month, zone)
        values = {"year": year, "month": month, "post_count": _count_between(first, end)}
        db.session.execute(insert(ArchiveMonth).values(values))
        at = db.session.scalar(newest.where(Post.published_at < min(first, at)))


def recount_authors(names: Iterable[str]) -> None:
    for chunk in _chunks(sorted(filter(None, names))):
        db.session.execute(delete(Author).where(Author.name.in_(chunk)), execution_options=UNSYNCHRONIZED)
        counts = _visible_posts(Post.author_name, func.count()).where(Post.author_name.in_(chunk))
        found = db.session.execute(counts.group_by(Post.author_name)).all()
        if rows := [{"name": name, "post_count": count} for name, count in found]:
            db.session.execute(insert(Author), rows)


def recount_labels(labels: Iterable[Label]) -> None:
    """Count the visible posts and pages of labels. The caller flushes."""
    label_id, post_id = post_labels.c.label_id, post_labels.c.post_id
    for chunk in _chunks(list(labels)):
        visible = label_id.in_([label.id for label in chunk]), post_id.not_in(Post.hidden_ids())
        counts = select(label_id, func.count().label("post_count")).where(*visible).group_by(label_id)
        found = {row.label_id: row.post_count for row in db.session.execute(counts)}
        for label in chunk:
            label.post_count = found.get(label.id, 0)


def _chunks(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), CHUNK_SIZE):
        yield items[start : start + CHUNK_SIZE]


def _visible_posts(*columns: Any) -> Any:
    return Post.visible().with_only_columns(*columns).where(Post.kind == POST)


def _count_between(first: datetime, end: datetime) -> int:
    within = Post.published_at >= first, Post.published_at < end
    return db.session.scalar(_visible_posts(func.count()).where(*within)) or 0


def _changes(session: Session) -> ChangedCounts:
    changes: ChangedCounts = session.info.setdefault("changed_counts", ChangedCounts())
    return changes


def _collect(session: Session, _context: Any, _instances: Any) -> None:
    for one in (*session.new, *session.dirty, *session.deleted):
        if isinstance(one, Post) and (one in session.deleted or _has_changes(one, COLUMNS)):
            _changes(session).add_post(one)
        elif isinstance(one, Site) and _has_changes(one, ("timezone",)):
            _changes(session).zone = True


def _has_changes(record: Post | Site, names: tuple[str, ...]) -> bool:
    state: Any = inspect(record)
    return any(state.attrs[name].history.has_changes() for name in names)


def _recount(session: Session) -> None:
    session.flush()
    if changes := session.info.pop("changed_counts", None):
        changes.recount()


def _forget(session: Session, _previous: Any) -> None:
    session.info.pop("changed_counts", None)


event.listen(db.session, "before_flush", _collect)
event.listen(db.session, "before_commit", _recount)
event.listen(db.session, "after_soft_rollback", _forget)
