"""Check the clock before old data is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from blog.db import db, now, writing
from blog.site.models import SITE_ID, UNSYNCHRONIZED, Site, current_site

# a daily `flask forget` may run late
MAX_GAP = timedelta(days=1, hours=6)
DOUBT_PERIOD = timedelta(days=1)
# an older doubt is from another jump, so doubt again
MAX_DOUBT = timedelta(days=31)
WRITE_INTERVAL = timedelta(minutes=30)


def check_clock(at: datetime | None = None) -> bool:
    """Return whether the clock can be trusted, and store this run's time.

    A time more than MAX_GAP from the last run means that the clock jumped or that the program did not run. So nothing
    is deleted for DOUBT_PERIOD. If the clock is corrected meanwhile, its time is near the last run's and the doubt ends
    immediately; else the clock is trusted after DOUBT_PERIOD. The server calls this every hour.
    """
    at, site = at or now(), current_site()
    last, doubted = site.forgotten_at, site.doubted_at
    if last and abs(at - last) <= MAX_GAP:
        if doubted or abs(at - last) > WRITE_INTERVAL:
            _write(forgotten_at=at, doubted_at=None)
        return True
    if doubted and DOUBT_PERIOD <= at - doubted <= MAX_DOUBT:
        _write(forgotten_at=at, doubted_at=None)
        return True
    if not doubted or not timedelta() <= at - doubted <= MAX_DOUBT:
        _write(doubted_at=at)
    return False


def _write(**values: datetime | None) -> None:
    with writing(affects="nothing"):
        query = update(Site).where(Site.id == SITE_ID).values(**values, updated_at=Site.updated_at)
        db.session.execute(query, execution_options=UNSYNCHRONIZED)
    db.session.expire_all()
