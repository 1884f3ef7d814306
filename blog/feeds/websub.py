"""Tell a WebSub hub that the feeds changed, and name it in the feeds.

WebSub (W3C, 2018) leaves open how publishers tell their hub. Hubs take `hub.mode=publish` with the addresses of the
feeds, as in PubSubHubbub, then fetch these and send to their subscribers what is new.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import case, delete, null, select, update

from blog.db import db, now, writing
from blog.mail.sending import LEASE, MIN_TRIES, execute_patiently, retry_delay
from blog.settings import Settings
from blog.site.hub_pings import hub_ping
from blog.site.models import HubPing, current_site
from blog.stored_messages import Message, Sentences, dump_messages, message, translate_messages
from blog.web.safe_fetch import INTERNET, FetchError, Limits, Network, fetch
from blog.web.safe_fetch.fetch_errors import SENTENCES as FETCH_SENTENCES

log = logging.getLogger(__name__)

# the feeds of all posts; those of labels and authors have no hub
TOPICS = (
    *("/feeds/posts/default", "/feeds/posts/default?alt=rss", "/feeds/posts/default?alt=jsonfeed"),
    *("/feeds/posts/full", "/feeds/posts/full?alt=rss", "/feeds/posts/summary", "/feeds/posts/summary?alt=rss"),
)
LIMITS = Limits(max_bytes=200_000, seconds=15.0)
GIVE_UP_AFTER = timedelta(days=1)

SENTENCES: Sentences = {
    **FETCH_SENTENCES,
    "hub_status": _("The hub answered with the status %(status)s."),
}


def hub_of(address: str) -> str:
    """Return the hub of the feed at an absolute address, "" if it has none."""
    base = _public_base()
    return current_site().websub_hub if base and address.removeprefix(base) in TOPICS else ""


def hub_links(address: str) -> list[tuple[str, str]]:
    """Return the links that a feed with a hub needs in its head, as (rel, href)."""
    return [("hub", hub), ("self", address)] if (hub := hub_of(address)) else []


def link_header(address: str) -> str:
    """Return the same links as the header Link (RFC 8288), "" for none."""
    return ", ".join(f'<{href}>; rel="{rel}"' for rel, href in hub_links(address))


def send_next_ping(at: datetime | None = None, network: Network = INTERNET) -> bool:
    """Send the ping that is due, and return whether there was one.

    A process claims it by a lease and holds no transaction while it waits for the hub, as for mail.
    """
    at = at or now()
    ping = _claim(at)
    if ping is None:
        return False
    form = urlencode([("hub.mode", "publish"), *(("hub.url", f"{_public_base()}{topic}") for topic in TOPICS)])
    db.session.remove()
    _save_result(ping, _send(ping.hub, form, network), at)
    return True


def _public_base() -> str:
    """Return the public address of the blog, "" without BLOG_URL."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_url.rstrip("/")


def _claim(at: datetime) -> HubPing | None:
    """Lease the due ping. Reads first, since usually none is due."""
    due = select(HubPing).where(HubPing.is_due(at))
    found = bool(_public_base()) and db.session.scalars(due.limit(1)).first() is not None
    db.session.rollback()
    if not found:
        return None
    with writing(affects="nothing"):
        hub = current_site().websub_hub
        db.session.execute(delete(HubPing).where(HubPing.hub != hub))
        ping = db.session.scalars(due.where(HubPing.hub == hub)).one_or_none()
        if ping:
            ping.tries += 1
            ping.first_tried_at = ping.first_tried_at or at
            ping.leased_until = at + LEASE
    return ping


def _send(hub: str, form: str, network: Network) -> Message | None:
    """Send a ping; return why it failed, None for success."""
    try:
        answer = fetch(hub, form=form.encode(), limits=LIMITS, network=network)
    except FetchError as error:
        return error.message
    return None if 200 <= answer.status < 300 else message("hub_status", status=answer.status)


def _save_result(ping: HubPing, failure: Message | None, at: datetime) -> None:
    """Store the result. A change since the ping was claimed needs another one."""
    values: dict[str, Any] = {"leased_until": None}
    if failure is None:
        is_told = HubPing.changed_at == ping.changed_at
        values |= {"sent_at": at, "due_at": case((is_told, null()), else_=HubPing.due_at)}
        values |= {"last_error": "", "failed_at": None, "tries": 0, "first_tried_at": None}
    else:
        log.warning("Telling the hub failed; /desk/mail says why")
        values |= {"failed_at": at, "last_error": dump_messages([failure])} | _next_try(ping, at)
    execute_patiently(update(HubPing).where(HubPing.id == ping.id).values(**values))


def _next_try(ping: HubPing, at: datetime) -> dict[str, datetime | None]:
    if at - (ping.first_tried_at or at) >= GIVE_UP_AFTER and ping.tries >= MIN_TRIES:
        return {"given_up_at": at, "due_at": None}
    return {"due_at": at + retry_delay(ping.tries)}


def hub_failure() -> str:
    """Return why the hub could not be told, "" if it was or none is set."""
    ping = hub_ping() if current_site().websub_hub else None
    return translate_messages(ping.last_error, SENTENCES) if ping and ping.failed_at else ""
