"""Share the site's mail quota between kinds of mail, and limit links.

The quota is MAIL_PER_HOUR and MAIL_PER_DAY. Mail to editors and about accounts may use all of it. Each other kind has a
share; an eighth is left to the editors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select

from blog.db import db, now
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.row_limits import Limit, is_limit_reached
from blog.settings import Settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# notifications to confirmed followers
NOTICE = "notice"
# anybody can have these sent to any address: to confirm a subscription, to manage them, to see one's responses
CONFIRM, LINK, PRIVACY = "confirm", "link", "privacy"
LINK_KINDS = (CONFIRM, LINK, PRIVACY)
# in eighths of the quota
SHARES = {NOTICE: 4, CONFIRM: 1, LINK: 1, PRIVACY: 1}
# links of all kinds together
LINKS_PER_RECIPIENT = 5, DAY
# several times what looking up an address and writing a mail takes
MIN_LINK_SECONDS = 0.05


def quota_limits(settings: Settings, kind: str = "") -> tuple[Limit, ...]:
    """Return the limits of this kind of mail, or of all mail."""
    eighths = SHARES.get(kind, 8) if settings.ratelimit_enabled else 8
    hour, day = settings.mail_per_hour, settings.mail_per_day
    return (max(1, hour * eighths // 8), HOUR), (max(1, day * eighths // 8), DAY)


def is_quota_used_up(settings: Settings, at: datetime, kind: str = "") -> bool:
    """Return whether the quota, or this kind's share, is used up.

    Mails that are being sent count too.
    """
    # an expression, since SQLite would find all mails of the kind by its index, not the last ones by their time
    of_kind = [Mail.kind + "" == kind] if kind else []
    being_sent = select(func.count(Mail.id)).where(Mail.due_at <= at, ~Mail.is_unleased(at), *of_kind)
    leased = db.session.scalar(being_sent) or 0
    limits = [(most - leased, within) for most, within in quota_limits(settings, kind)]
    return min(limits)[0] < 1 or is_limit_reached(Mail.sent_at, limits, at, *of_kind)


def kinds_over_quota(settings: Settings, at: datetime) -> list[str]:
    """Return the kinds whose share is used up."""
    return [kind for kind in SHARES if is_quota_used_up(settings, at, kind)]


def may_send_link(kind: str, recipient: str) -> bool:
    """Return whether one more link may go to this address, within `writing()`."""
    settings: Settings = current_app.config["SETTINGS"]
    at, to_recipient = now(), (Mail.recipient == recipient, Mail.kind.in_(LINK_KINDS))
    if is_limit_reached(Mail.created_at, [LINKS_PER_RECIPIENT], at, *to_recipient):
        return False
    return not is_limit_reached(Mail.created_at, quota_limits(settings, kind), at, Mail.kind == kind)


def put_link(  # noqa: PLR0913
    to: str,
    content: tuple[str, str, str],
    kind: str,
    *,
    deliver: bool = True,
    throttled: bool = True,
    headers: Mapping[str, str] | None = None,
) -> bool:
    """Write a mail with a link unless a limit forbids it.

    Call it within `writing()`. Returns whether it will be sent: `deliver` is true and the limits allow it. Without
    `throttled` there are no limits. A mail that is not sent is inserted and deleted again: equal work hides which
    addresses are known here. Callers run all of it within `constant_time`.
    """
    allowed = (may_send_link(kind, to) or not throttled) and deliver
    mail = put_mail(to, *content, kind, headers=headers)
    db.session.flush()
    if not allowed:
        db.session.delete(mail)
    return allowed


@contextmanager
def constant_time() -> Iterator[None]:
    """Make a block take MIN_LINK_SECONDS, so that its duration reveals nothing.

    Without it the median of 200 answers differed by 0.3 to 1.9 ms between known and unknown addresses.
    """
    until = time.monotonic() + MIN_LINK_SECONDS
    yield
    time.sleep(max(0.0, until - time.monotonic()))
