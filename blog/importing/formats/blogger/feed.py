"""Read a Blogger export: an Atom feed of posts, pages and comments.

Each entry is in the classic dialect or in Takeout's. Posts and pages are numbered together: a comment on a page names
it as `.post-N`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from lxml import etree

from blog.html import plain_text
from blog.importing.archive import Archive, Comment, Post, Sample, Site, find_no_picture
from blog.importing.export_errors import UnusableExport
from blog.importing.formats.atom import ATOM, BadEntry, Feed, UndeclaredPrefix, child_text, entry_title, iter_entries
from blog.importing.formats.blogger import classic, takeout
from blog.importing.formats.blogger.entry_ids import blog_id
from blog.importing.formats.repair_xml import declare_prefix
from blog.importing.load.thread_order import ThreadOrder
from blog.stored_messages import Message, message

MAX_PREFIXES = 20


class Dialect(Protocol):
    """Parse the entries of one dialect.

    `kind` is post, page, comment, settings or template, else "". `hidden` is the reason why Blogger hid an entry.
    """

    def kind(self, entry: etree._Element, /) -> str: ...
    def hidden(self, entry: etree._Element, /) -> str: ...
    def post(self, entry: etree._Element, kind: str, /) -> Post: ...
    def comment(self, entry: etree._Element, /) -> Comment: ...


DIALECTS: tuple[Dialect, ...] = (classic, takeout)


@dataclass(slots=True)
class Survey:
    """Collect the results of the first pass, which parses every entry."""

    order: ThreadOrder = field(default_factory=ThreadOrder)
    settings: dict[str, str] = field(default_factory=dict)
    title: str = ""
    host: str = ""
    atom_id: str = ""
    is_export: bool = False
    total: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    combined_labels: int = 0
    bad_entries: Sample = field(default_factory=Sample)
    odd_dates: Sample = field(default_factory=Sample)
    dropped_characters: Sample = field(default_factory=Sample)


def read_feed(
    feed: Feed,
    site: Site | None = None,
    find_picture: Callable[[str], bytes | None] = find_no_picture,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Archive:
    """Read an export once, to its end.

    `site` holds the settings from a file beside the feed. `progress` is called with the number of entries read, and 0.

    Raises: UnusableExport if the feed is broken or no export.
    """
    feed, repaired_prefixes, survey = _survey_repaired(feed, progress)
    order = survey.order
    order.resolve()
    duplicates = sum(order.repeats.values())
    return Archive(
        site=_site(site, survey),
        posts=lambda: order.deduplicate(_posts(feed)),
        comments=lambda: order.parents_first(order.deduplicate(_comments(feed))),
        total=survey.total - duplicates,
        find_picture=find_picture,
        duplicates=duplicates,
        circular_replies=order.circular_replies,
        skipped=survey.skipped,
        combined_labels=survey.combined_labels,
        repaired_prefixes=tuple(repaired_prefixes),
        bad_entries=survey.bad_entries,
        odd_dates=survey.odd_dates,
        dropped_characters=survey.dropped_characters,
    )


def _survey_repaired(feed: Feed, progress: Callable[[int, int], None]) -> tuple[Feed, list[str], Survey]:
    """Survey a feed, declaring each undeclared prefix and starting again."""
    prefixes: list[str] = []
    while True:
        try:
            return feed, prefixes, _survey(feed, progress)
        except UndeclaredPrefix as refusal:
            if refusal.prefix in prefixes or len(prefixes) == MAX_PREFIXES:
                raise
            prefixes.append(refusal.prefix)
            feed = declare_prefix(feed, refusal.prefix)


def _survey(feed: Feed, progress: Callable[[int, int], None]) -> Survey:
    survey = Survey()
    for number, entry in enumerate(iter_entries(feed)):
        if number % 100 == 0:
            progress(number, 0)
        _survey_entry(entry, survey, number + 1 in feed.dropped)
        feed.dropped.discard(number + 1)
    if feed.dropped:
        survey.dropped_characters.add(message("dropped_outside"))
    if not survey.is_export:
        raise UnusableExport("no_export", file=feed.name)
    return survey


def _survey_entry(entry: etree._Element, survey: Survey, dropped: bool) -> None:
    if not survey.is_export and (head := entry.getparent()) is not None:
        survey.title, survey.host = survey.title or entry_title(head), survey.host or classic.blog_host(head)
        survey.atom_id = survey.atom_id or blog_id(child_text(head, "id")) or blog_id(child_text(entry, "id"))
    dialect, kind = _find_dialect(entry)
    survey.is_export = survey.is_export or bool(kind)
    if kind in {"post", "page", "comment"}:
        if reason := dialect.hidden(entry):
            survey.skipped[reason] += 1
            return
        try:
            item = dialect.comment(entry) if kind == "comment" else dialect.post(entry, kind)
        except BadEntry as error:
            survey.bad_entries.add(message("bad_entry_at", line=entry.sourceline or 0, problem=[error.problem]))
            return
        if kind != "comment":
            survey.host = survey.host or classic.blog_host(entry)
        _survey_item(item, survey, dropped)
        survey.combined_labels += sum("," in term for term in _terms(entry)) if kind != "comment" else 0
        return
    if dropped:
        survey.dropped_characters.add(message("dropped_outside"))
    if kind == "settings":
        survey.settings |= classic.setting(entry)


def _survey_item(item: Post | Comment, survey: Survey, dropped: bool) -> None:
    survey.total += 1
    survey.order.add(item.ref, item.parent_ref if isinstance(item, Comment) else None)
    place = _place(item)
    if dropped:
        survey.dropped_characters.add(message("entry_place", place=place))
    if item.odd_date is not None:
        code = "odd_date" if item.odd_date else "missing_date"
        used = f"{item.at:%Y-%m-%d %H:%M:%S}"
        survey.odd_dates.add(message(code, place=place, value=item.odd_date, used=used))


def _place(item: Post | Comment) -> str | list[Message]:
    if isinstance(item, Comment):
        return [message("comment_by", name=item.name[:80] or item.ref, at=f"{item.at:%Y-%m-%d}")]
    return item.path[:200] if item.path else [message("draft_of", title=item.title[:80] or item.ref)]


def _find_dialect(entry: etree._Element) -> tuple[Dialect, str]:
    for dialect in DIALECTS:
        if kind := dialect.kind(entry):
            return dialect, kind
    return DIALECTS[0], ""


def _visible_entries(feed: Feed) -> Iterator[tuple[etree._Element, Dialect, str]]:
    for entry in iter_entries(feed):
        feed.dropped.clear()
        dialect, kind = _find_dialect(entry)
        if kind and not dialect.hidden(entry):
            yield entry, dialect, kind


def _posts(feed: Feed) -> Iterator[Post]:
    for entry, dialect, kind in _visible_entries(feed):
        if kind in {"post", "page"}:
            with suppress(BadEntry):  # reported by the first pass
                yield dialect.post(entry, kind)


def _comments(feed: Feed) -> Iterator[Comment]:
    for entry, dialect, kind in _visible_entries(feed):
        if kind == "comment":
            with suppress(BadEntry):
                yield dialect.comment(entry)


def _site(site: Site | None, survey: Survey) -> Site:
    if site:
        return replace(site, title=site.title or survey.title, host=site.host or survey.host, atom_id=survey.atom_id)
    settings = survey.settings
    return Site(
        title=settings.get("BLOG_NAME") or survey.title,
        tagline=plain_text(settings.get("BLOG_DESCRIPTION", "")),
        zone=settings.get("BLOG_TIME_ZONE", ""),
        language=settings.get("BLOG_LOCALE", ""),
        host=survey.host,
        custom_domain=settings.get("BLOG_PUBLISHING_MODE", "").endswith("HOSTED"),
        atom_id=survey.atom_id,
    )


def _terms(entry: etree._Element) -> Iterator[str]:
    yield from (category.get("term", "") for category in entry.iterchildren(f"{ATOM}category"))
