"""Forgetting where readers wrote from: the keyed hashes of their addresses go after so many days. What editors are to
be told of goes too, once it is old.

Any number of processes may run this, at any time: each part is an act of its own that looks anew for what is due, so
that whoever comes second finds nothing; and where nothing is due nothing is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from blog.comments.models import Comment, Hold
from blog.db import db, now, writing
from blog.editors.models import SignInFailure
from blog.editors.signing_in import WINDOW
from blog.site.models import current_site

AT_ONCE = 1000
# for how long editors may still be told of what came to wait
UNTOLD = timedelta(days=7)


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
    due = select(Comment.id).where(Comment.address_key.is_not(None), Comment.created_at <= before).limit(AT_ONCE)
    failures = select(SignInFailure.id).where(SignInFailure.created_at <= at - WINDOW).limit(AT_ONCE)
    stale = select(Hold.id).where(Hold.created_at <= at - UNTOLD).order_by(Hold.id).limit(AT_ONCE)
    comments, tries, holds = (list(db.session.scalars(query)) for query in (due, failures, stale))
    db.session.rollback()
    if comments or tries or holds:
        with writing():
            dropped = update(Comment).where(Comment.id.in_(comments))
            db.session.execute(dropped.values(address_key=None, updated_at=Comment.updated_at))
            db.session.execute(delete(SignInFailure).where(SignInFailure.id.in_(tries)))
            db.session.execute(delete(Hold).where(Hold.id.in_(holds)))
    return len(comments) + len(tries) + len(holds)
