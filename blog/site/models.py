"""The site: its title and manners, and the version that the home page's live counts go by."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from blog.db import Record, db, writing
from blog.db_connections import schema_missing
from blog.db_errors import SchemaMissing

THE_ONE = 1
UNNAMED = "Talkback"
ACCENTS = ("red", "blue", "green", "plum", "ochre")
# which responses wait for an editor: none, those of new readers, all; or there are none
OPEN, FIRST, ALL, READING = "open", "first", "all", "reading"
# how strict the filter is
OFF, CALM, USUAL, STRICT = "off", "calm", "usual", "strict"
ADDRESS = re.compile(r"/(?![/\\])\S*|https?://\S+", re.IGNORECASE)


class Site(Record):
    """One row, with id 1, made by the first migration.

    `comment_rule` says which responses wait for an editor (the comments room knows the rules; `rule` says also whether
    there are any), `approvals` how many a reader needs under the rule of first-timers, `muted` words and patterns, one
    a line. `max_indent` is how deep replies nest, `address_days` how long hashes of addresses are kept, `audit_days`
    how long the audit log is (0: for ever), `hidden_days` how long the texts of spam and removed comments are (none:
    for ever). `queue_version` rises with what the queue shows. `agreeing` says whether readers may agree with
    responses, `reports_to_hold` how many reports hold one; none and 0 mean that they never
    do. `forgotten_at` is when what is old was looked for last, `doubted_at` since when the clock has been doubted.
    """

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    title: Mapped[str] = mapped_column(String(200), default=UNNAMED)
    tagline: Mapped[str] = mapped_column(String(500), default="")
    note_label: Mapped[str] = mapped_column(String(80), default="Editor:")
    language: Mapped[str] = mapped_column(String(20), default="en")
    timezone: Mapped[str] = mapped_column(String(80), default="UTC")
    comments_open: Mapped[bool] = mapped_column(default=True)
    close_after_days: Mapped[int | None]
    accent: Mapped[str] = mapped_column(String(20), default="red")
    menu: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)

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
    forgotten_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def links(self) -> list[tuple[str, str]]:
        """The entries of the menu: (word, address)."""
        return menu_lines(self.menu)

    @property
    def rule(self) -> str:
        """One of OPEN, FIRST, ALL and READING, under which nobody may answer."""
        return self.comment_rule if self.comments_open else READING

    @rule.setter
    def rule(self, rule: str) -> None:
        self.comments_open = rule != READING
        if rule != READING:  # what stood before is kept, for the day when readers may answer again
            self.comment_rule = rule

    @property
    def untouched(self) -> bool:
        """Nobody has named this blog yet, so an import may."""
        return self.title == UNNAMED


# built once, since building a query takes longer than running it
THE_SITE = select(Site).where(Site.id == THE_ONE)
RAISED = update(Site).where(Site.id == THE_ONE).values(version=Site.version + 1).returning(Site.version)
RAISED_QUEUE = update(Site).where(Site.id == THE_ONE).values(queue_version=Site.queue_version + 1)
UNSYNCHRONIZED = {"synchronize_session": False}


def menu_lines(text: str) -> list[tuple[str, str]]:
    """The lines of the form “word | address”; an address is http(s) or leads from the root of this site."""
    pairs = [
        (word.strip(), address.strip()) for word, _, address in (line.rpartition("|") for line in text.splitlines())
    ]
    return [(word, address) for word, address in pairs if word and ADDRESS.fullmatch(address)]


def current_site() -> Site:
    """The site's row, loaded once a session, which by itself would forget it as soon as nobody holds it."""
    session = db.session()
    site: Site | None = session.info.get("site")
    if site is None or site not in session:
        site = session.scalars(THE_SITE).one_or_none()
        if site is None:
            schema_missing.set()
            raise SchemaMissing("the site's row is missing")
        hold_site(site)
    return site


def ensure_site() -> None:
    """Make the site's row anew where somebody deleted it."""
    if db.session.get(Site, THE_ONE) is None:
        with writing():
            db.session.merge(Site(id=THE_ONE))


def hold_site(site: Site) -> None:
    """Let current_site() answer with this row of the session's, which was read beside something else."""
    db.session().info["site"] = site


def raise_site_version() -> int:
    """Give the site its next version inside the act's transaction; the row's lock makes commits follow it in order."""
    version: int = db.session.execute(RAISED, execution_options=UNSYNCHRONIZED).scalar_one()
    _read_versions_anew()
    return version


def raise_queue_version() -> None:
    """The same for what the editors' queue shows."""
    db.session.execute(RAISED_QUEUE, execution_options=UNSYNCHRONIZED)
    _read_versions_anew()


def _read_versions_anew() -> None:
    site = db.session().info.get("site")
    if site is not None and site in db.session:
        db.session.expire(site, ["version", "queue_version"])
