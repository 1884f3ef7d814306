"""Queue pings to the WebSub hub of the site, in the transaction of a change."""

from __future__ import annotations

import threading

from sqlalchemy import select

from blog.db import db, now
from blog.site.models import HubPing, current_site

# the job that sends pings in this process waits for this
ping_waiting = threading.Event()


def hub_ping() -> HubPing | None:
    """Return the ping to the present hub, None before its first."""
    return db.session.scalars(select(HubPing).where(HubPing.hub == current_site().websub_hub)).one_or_none()


def request_ping() -> None:
    """Have the hub told of changed feeds, within `writing()`.

    A ping that is due already tells of this change too.
    """
    if not (hub := current_site().websub_hub):
        return
    ping = hub_ping() or HubPing(hub=hub, last_error="")
    ping.changed_at = now()
    if ping.due_at is None:
        ping.due_at, ping.tries, ping.first_tried_at, ping.given_up_at = ping.changed_at, 0, None, None
    db.session.add(ping)
