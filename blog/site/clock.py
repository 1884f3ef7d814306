"""Doubt the clock before anything is deleted because of its age."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from blog.db import db, now, writing
from blog.site.models import THE_ONE, UNSYNCHRONIZED, Site, current_site

# `flask forget` once a day comes a little late at times
LONGEST_GAP = timedelta(days=1, hours=6)
DOUBT = timedelta(days=1)
# a second jump while the first is doubted begins the doubt anew
LONGEST_DOUBT = timedelta(days=31)
WRITE_EACH = timedelta(minutes=30)


def may_forget(at: datetime | None = None) -> bool:
    """Tell whether the clock can be believed, and write down that it was asked.

    Each run of forgetting leaves its time in the site's row. A clock that is more than LONGEST_GAP away from the last
    one has jumped, forwards or back, or nobody ran the program meanwhile; which of these it was, nobody can tell. So
    nothing is deleted for DOUBT, in which a wrong clock can be put right: then its time is near the last run's again,
    and the doubt ends at once. Else the clock is believed after DOUBT. A quiet blog is no reason to doubt: its
    server runs this every hour, whether anybody writes or not.
    """
    at, site = at or now(), current_site()
    last, doubted = site.forgotten_at, site.doubted_at
    if last and abs(at - last) <= LONGEST_GAP:
        if doubted or abs(at - last) > WRITE_EACH:
            _write(forgotten_at=at, doubted_at=None)
        return True
    if doubted and DOUBT <= at - doubted <= LONGEST_DOUBT:
        _write(forgotten_at=at, doubted_at=None)
        return True
    if not doubted or not timedelta() <= at - doubted <= LONGEST_DOUBT:
        _write(doubted_at=at)
    return False


def _write(**values: datetime | None) -> None:
    with writing():
        changed = update(Site).where(Site.id == THE_ONE).values(**values, updated_at=Site.updated_at)
        db.session.execute(changed, execution_options=UNSYNCHRONIZED)
    db.session.expire_all()
