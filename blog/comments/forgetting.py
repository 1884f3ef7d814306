"""Forgetting where readers wrote from: the keyed hashes of their addresses go after so many days. What editors are to
be told of goes too, once it is old.

Any number of processes may run this, at any time: each part is an act of its own that looks anew for what is due, so
that whoever comes second finds nothing; and where nothing is due nothing is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from blog.comments.models import Agreement, Comment, Follow, Notice, Report
from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.editors.signing_in import WINDOW
from blog.site.models import current_site

AT_ONCE = 1000
# what says of a reader from where it came
TRACED: tuple[type[Comment | Agreement | Report], ...] = (Comment, Agreement, Report)
# follows that nobody confirmed, and what was told
UNCONFIRMED, TOLD = timedelta(days=3), timedelta(days=30)


def forget_addresses(at: datetime | None = None) -> int:
    """Drop the hashes that are older than the site says, and failures to sign in that no longer count; how many."""
    forgotten = 0
    while some := forget_some(at):
        forgotten += some
    return forgotten


def forget_some(at: datetime | None = None) -> int:
    """One part of it: so many rows at most, so that nobody who writes has to wait; 0 when nothing is due."""
    at = at or now()
    before = at - timedelta(days=current_site().address_days)
    due = {record: _traced(record, before) for record in TRACED}
    failures = select(SignInFailure.id).where(SignInFailure.created_at <= at - WINDOW).limit(AT_ONCE)
    tries = list(db.session.scalars(failures))
    db.session.rollback()
    if found := sum(map(len, due.values())) + len(tries):
        with writing():
            for record, ids in due.items():
                dropped = update(record).where(record.id.in_(ids))
                db.session.execute(dropped.values(address_key=None, updated_at=record.updated_at))
            db.session.execute(delete(SignInFailure).where(SignInFailure.id.in_(tries)))
    return found + _forget_follows(at)


def _traced(record: type[Comment | Agreement | Report], before: datetime) -> list[int]:
    old = select(record.id).where(record.address_key.is_not(None), record.created_at <= before)
    return list(db.session.scalars(old.limit(AT_ONCE)))


def _forget_follows(at: datetime) -> int:
    """Those that nobody confirmed, and what was told long ago."""
    wanted = func.coalesce(Follow.asked_at, Follow.created_at)
    unproven = select(Follow.id).where(Follow.confirmed_at.is_(None), wanted <= at - UNCONFIRMED).limit(AT_ONCE)
    old = select(Notice.id).where(Notice.created_at <= at - TOLD).limit(AT_ONCE)
    follows, notices = list(db.session.scalars(unproven)), list(db.session.scalars(old))
    db.session.rollback()
    if follows or notices:
        with writing():
            # not who confirmed meanwhile
            db.session.execute(delete(Follow).where(Follow.id.in_(follows), Follow.confirmed_at.is_(None)))
            db.session.execute(delete(Notice).where(Notice.id.in_(notices)))
    return len(follows) + len(notices)
