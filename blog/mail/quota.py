"""Who may use how much of the site's mail: what goes first, and how many links anybody may ask for.

The quota is MAIL_PER_HOUR and MAIL_PER_DAY. Mail to editors and about accounts may use all of it. Mail to others has a
share for each kind, which together leave an eighth to the editors. All of it is counted in the database, so that it
holds for every process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.settings import Settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# what followers asked for and have confirmed
NOTICE = "notice"
# links that anybody may have sent to any address: to confirm a wish, to manage what one follows, to one's own responses
CONFIRM, LINK, PRIVACY = "confirm", "link", "privacy"
LINKS = (CONFIRM, LINK, PRIVACY)
# in eighths of the quota
SHARES = {NOTICE: 4, CONFIRM: 1, LINK: 1, PRIVACY: 1}
# links of all kinds together
MAX_LINKS_PER_RECIPIENT_AND_DAY = 5
# several times what it takes to look up an address and to write a mail
EVEN_SECONDS = 0.05


def limits_of(settings: Settings, kind: str = "") -> tuple[tuple[timedelta, int], ...]:
    """Return how many mails of this kind may go out within an hour and a day; without a kind, of all together."""
    eighths = SHARES.get(kind, 8) if settings.ratelimit_enabled else 8
    hour, day = settings.mail_per_hour, settings.mail_per_day
    return (HOUR, max(1, hour * eighths // 8)), (DAY, max(1, day * eighths // 8))


def quota_used_up(settings: Settings, at: datetime, kind: str = "") -> bool:
    """Tell whether as many were sent, or are being sent, as this kind, or all kinds together, may."""
    of_kind = [Mail.kind == kind] if kind else []
    leased = _count(Mail.due_at <= at, Mail.leased_until >= at, *of_kind)
    limits = limits_of(settings, kind)
    return any(leased + _count(Mail.sent_at.between(at - within, at), *of_kind) >= most for within, most in limits)


def kinds_without_quota(settings: Settings, at: datetime) -> list[str]:
    """Return the kinds whose share is used up, so that others go before them."""
    return [kind for kind in SHARES if quota_used_up(settings, at, kind)]


def may_send_link(kind: str, recipient: str) -> bool:
    """Tell, inside an act, whether one more link of this kind may be written, and to this address."""
    settings: Settings = current_app.config["SETTINGS"]
    at = now()
    to_it = _count(Mail.recipient == recipient, Mail.kind.in_(LINKS), _within(at, DAY))
    return to_it < MAX_LINKS_PER_RECIPIENT_AND_DAY and all(
        _count(Mail.kind == kind, _within(at, span)) < most for span, most in limits_of(settings, kind)
    )


def put_link(  # noqa: PLR0913
    to: str,
    letter: tuple[str, str, str],
    kind: str,
    *,
    wanted: bool = True,
    paced: bool = True,
    headers: Mapping[str, str] | None = None,
) -> bool:
    """Write a mail with a link, inside an act, where it is `wanted` and its limits allow; return whether they did.

    Without `paced` there are no limits. Where it is not sent the row is written and deleted again, so that it takes
    about as long; callers do the rest by `even_time`, so that nobody learns which addresses are known here.
    """
    allowed = (may_send_link(kind, to) or not paced) and wanted
    mail = put_mail(to, *letter, kind, headers=headers)
    db.session.flush()
    if not allowed:
        db.session.delete(mail)
    return allowed


@contextmanager
def even_time() -> Iterator[None]:
    """Let what an address has to do with this site take as long as what it has not, around the whole act.

    Without it the median of 200 answers differed by 0.3 to 1.9 ms.
    """
    until = time.monotonic() + EVEN_SECONDS
    yield
    time.sleep(max(0.0, until - time.monotonic()))


def _within(at: datetime, span: timedelta) -> ColumnElement[bool]:
    # not later than now: a clock that was set back must keep nobody out
    return Mail.created_at.between(at - span, at)


def _count(*which: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count(Mail.id)).where(*which)) or 0
