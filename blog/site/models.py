"""Store the site's settings and the versions behind live updates."""

from __future__ import annotations

import re
from datetime import datetime
from secrets import token_hex
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column, validates

from blog.db import Record, db, now, writing
from blog.db_connections import schema_missing
from blog.db_errors import SchemaMissing
from blog.mail.models import Delivery

SITE_ID = 1
DEFAULT_TITLE = "Talkback"
ACCENTS = ("red", "blue", "green", "plum", "ochre")
# which new comments are held: none, those of new readers, all; or nobody may comment
OPEN, HOLD_NEW, HOLD_ALL, READ_ONLY = "open", "first", "all", "reading"
# strictness of the spam filter
OFF, CALM, USUAL, STRICT = "off", "calm", "usual", "strict"
# what machines may do: nothing is said, only search, everything but training
NO_WISH, SEARCH_ONLY, NO_TRAINING = "", "search", "no-train"
MENU_URL = re.compile(r"/(?![/\\])\S*|https?://\S+", re.IGNORECASE)


def make_tag_prefix() -> str:
    """Make the prefix for a new row; the migration made the first."""
    name = token_hex(6)
    return f"tag:{name}.invalid,{now():%Y-%m-%d}:blog-{name}"


class Site(Record):
    """Represent the site: one row with id 1 from the first migration.

    `comment_rule` says which comments are held, `approvals` how many approved ones a reader needs under HOLD_NEW.
    `icon` is the address of a stored picture. `muted` holds words and patterns, one a line. `max_indent` is the deepest
    indentation of replies.
    Retention in days: `address_days` for address hashes, `audit_days` for the audit log (0: for ever), `hidden_days`
    for the texts of spam and removed comments (None: for ever). `reports_to_hold` reports hold a comment (None, 0:
    never). `fediverse_creator` is an account such as @ann@example.social, `profile_links` holds addresses, one a line.
    `card_url` is the drawn picture of the site, None until it is drawn. `version` rises with the counts and posts that
    home shows, `queue_version` with every change of the queue, `content_version` with every other write that may change
    a public page. `tag_prefix` begins the ids of feeds and entries and never changes; `atom_id` is what the feeds of an
    imported blog were called. `forgotten_at` is the last run of retention, `doubted_at` the time since which the clock
    is doubted. `websub_hub` is the address of the hub that distributes the feeds, `security_contact` an address for
    security.txt; "" is none.
    """

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    title: Mapped[str] = mapped_column(String(200), default=DEFAULT_TITLE)
    tagline: Mapped[str] = mapped_column(String(500), default="")
    note_label: Mapped[str] = mapped_column(String(80), default="Editor:")
    language: Mapped[str] = mapped_column(String(20), default="en")
    timezone: Mapped[str] = mapped_column(String(80), default="UTC")
    comments_open: Mapped[bool] = mapped_column(default=True)
    close_after_days: Mapped[int | None]
    accent: Mapped[str] = mapped_column(String(20), default="red")
    menu: Mapped[str] = mapped_column(Text, default="")
    icon: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=0)
    content_version: Mapped[int] = mapped_column(default=0)

    comment_rule: Mapped[str] = mapped_column(String(10), default=OPEN)
    approvals: Mapped[int] = mapped_column(default=1)
    hold_after_days: Mapped[int | None]
    most_links: Mapped[int | None] = mapped_column(default=3)
    muted: Mapped[str] = mapped_column(Text, default="")
    filter_strictness: Mapped[str] = mapped_column(String(10), default=USUAL)
    max_indent: Mapped[int] = mapped_column(default=4)
    edit_minutes: Mapped[int] = mapped_column(default=15)
    address_days: Mapped[int] = mapped_column(default=30)
    audit_days: Mapped[int] = mapped_column(default=365)
    hidden_days: Mapped[int | None]
    queue_version: Mapped[int] = mapped_column(default=0)
    agreeing: Mapped[bool] = mapped_column(default=True)
    reports_to_hold: Mapped[int | None] = mapped_column(default=3)
    reader_per_10_seconds: Mapped[int] = mapped_column(default=1)
    reader_per_10_minutes: Mapped[int] = mapped_column(default=10)
    address_per_minute: Mapped[int] = mapped_column(default=10)
    address_per_10_minutes: Mapped[int] = mapped_column(default=60)
    tag_prefix: Mapped[str] = mapped_column(String(300), default=make_tag_prefix)
    atom_id: Mapped[str] = mapped_column(String(200), default="")
    fediverse_creator: Mapped[str] = mapped_column(String(200), default="")
    profile_links: Mapped[str] = mapped_column(Text, default="")
    ai_choice: Mapped[str] = mapped_column(String(10), default=NO_WISH)
    card_url: Mapped[str | None] = mapped_column(String(300))
    forgotten_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
    websub_hub: Mapped[str] = mapped_column(String(500), default="")
    security_contact: Mapped[str] = mapped_column(String(500), default="")

    @validates("title", "tagline", "accent")
    def _forget_card(self, name: str, text: str) -> str:
        """Have the card drawn anew when its words or its colour change."""
        if text != getattr(self, name):
            self.card_url = None
        return text

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Return the menu as (label, URL) pairs."""
        return parse_menu(self.menu)

    @property
    def rule(self) -> str:
        """Return OPEN, HOLD_NEW, HOLD_ALL or READ_ONLY."""
        return self.comment_rule if self.comments_open else READ_ONLY

    @rule.setter
    def rule(self, rule: str) -> None:
        self.comments_open = rule != READ_ONLY
        if rule != READ_ONLY:  # keep the rule for when comments are opened again
            self.comment_rule = rule

    @property
    def is_unnamed(self) -> bool:
        """Return whether the title is the default, which imports may replace."""
        return self.title == DEFAULT_TITLE


class HubPing(Delivery, Record):
    """Represent what a WebSub hub is told: that the feeds changed, last at `changed_at`.

    One row for each hub, so that changes meanwhile need no further ping.
    """

    __tablename__ = "hub_pings"

    hub: Mapped[str] = mapped_column(String(500), unique=True)
    changed_at: Mapped[datetime]


# built once: SITE_QUERY saves 13 % of home, the others belong to the queries that save 18 % of posting in sum
SITE_QUERY = select(Site).where(Site.id == SITE_ID)
RAISE_VERSION = update(Site).where(Site.id == SITE_ID).values(version=Site.version + 1).returning(Site.version)
RAISE_QUEUE_VERSION = update(Site).where(Site.id == SITE_ID).values(queue_version=Site.queue_version + 1)
RAISE_BOTH_VERSIONS = RAISE_VERSION.values(queue_version=Site.queue_version + 1)
UNSYNCHRONIZED = {"synchronize_session": False}


def parse_menu(text: str) -> list[tuple[str, str]]:
    """Parse lines such as “About | /about”, with http(s) URLs or paths."""
    pairs = [(label.strip(), url.strip()) for label, _, url in (line.rpartition("|") for line in text.splitlines())]
    return [(label, url) for label, url in pairs if label and MENU_URL.fullmatch(url)]


def current_site() -> Site:
    """Return the site's row, cached for the session: saves 29 % of a post page."""
    session = db.session()
    site: Site | None = session.info.get("site")
    if site is None or site not in session:
        site = session.scalars(SITE_QUERY).one_or_none()
        if site is None:
            schema_missing.set()
            raise SchemaMissing("the site's row is missing")
        cache_site(site)
    return site


def ensure_site() -> None:
    """Create the site's row if it is missing."""
    if db.session.get(Site, SITE_ID) is None:
        with writing():
            db.session.merge(Site(id=SITE_ID))


def cache_site(site: Site) -> None:
    """Cache a row that another query loaded, for current_site()."""
    # a strong reference: the session's identity map is weak
    db.session().info["site"] = site


def raise_site_version() -> int:
    """Raise the version in the current transaction; the row lock orders commits."""
    version: int = db.session.execute(RAISE_VERSION, execution_options=UNSYNCHRONIZED).scalar_one()
    _expire_versions()
    return version


def raise_count_version() -> int:
    """Raise the site's version for changed counts, and the queue's, in one statement."""
    version: int = db.session.execute(RAISE_BOTH_VERSIONS, execution_options=UNSYNCHRONIZED).scalar_one()
    _expire_versions()
    return version


def raise_queue_version() -> None:
    """Raise the version of the moderation queue in the current transaction."""
    db.session.execute(RAISE_QUEUE_VERSION, execution_options=UNSYNCHRONIZED)
    _expire_versions()


def _expire_versions() -> None:
    site = db.session().info.get("site")
    if site is not None and site in db.session:
        db.session.expire(site, ["version", "queue_version"])
