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
from urllib.parse import urlsplit

from lxml import etree

from blog.errors import Unusable
from blog.html import plain_text
from blog.importing.archive import Archive, Comment, Post, Site, find_no_picture
from blog.importing.formats.atom import ATOM, Feed, UndeclaredPrefix, child_text, iter_entries
from blog.importing.formats.blogger import classic, takeout
from blog.importing.formats.repair_xml import declare_prefix
from blog.importing.load.thread_order import ThreadOrder

MAX_PREFIXES = 20


class Dialect(Protocol):
    """Parse the entries of one dialect.

    `kind` is post, page, comment, settings or template, else "". `hidden` is the reason why Blogger hid an entry.
    """

    def kind(self, entry: etree._Element, /) -> str: ...
    def hidden(self, entry: etree._Element, /) -> str: ...
    def post(self, feed: Feed, entry: etree._Element, kind: str, /) -> Post: ...
    def comment(self, feed: Feed, entry: etree._Element, /) -> Comment: ...


DIALECTS: tuple[Dialect, ...] = (classic, takeout)


@dataclass(slots=True)
class Survey:
    """Collect the results of the first pass, which parses every entry."""

    order: ThreadOrder = field(default_factory=ThreadOrder)
    settings: dict[str, str] = field(default_factory=dict)
    title: str = ""
    host: str = ""
    is_export: bool = False
    total: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    combined_labels: int = 0


def read_feed(
    feed: Feed,
    site: Site | None = None,
    find_picture: Callable[[str], bytes | None] = find_no_picture,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Archive:
    """Read an export once, to its end.

    `site` holds the settings from a file beside the feed. `progress` is called with the number of entries read, and 0.

    Raises: Unusable, in one sentence, if the feed is broken or no export.
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
        _survey_entry(feed, entry, survey)
    if not survey.is_export:
        raise Unusable(
            f"{feed.name} looks like a feed, but not like an export: in Blogger's settings choose “Back up content”, "
            "and import the .xml file or Takeout .zip that you get."
        )
    return survey


def _survey_entry(feed: Feed, entry: etree._Element, survey: Survey) -> None:
    if not survey.is_export and (head := entry.getparent()) is not None:
        survey.title, survey.host = survey.title or child_text(head, "title"), survey.host or _host(head)
    dialect, kind = _find_dialect(entry)
    survey.is_export = survey.is_export or bool(kind)
    if kind in {"post", "page", "comment"}:
        if reason := dialect.hidden(entry):
            survey.skipped[reason] += 1
            return
        survey.total += 1
        if kind == "comment":
            comment = dialect.comment(feed, entry)
            survey.order.add(comment.ref, comment.parent_ref)
        else:
            survey.order.add(dialect.post(feed, entry, kind).ref)
            survey.combined_labels += sum("," in term for term in _terms(entry))
    elif kind == "settings":
        survey.settings |= classic.setting(entry)


def _find_dialect(entry: etree._Element) -> tuple[Dialect, str]:
    for dialect in DIALECTS:
        if kind := dialect.kind(entry):
            return dialect, kind
    return DIALECTS[0], ""


def _visible_entries(feed: Feed) -> Iterator[tuple[etree._Element, Dialect, str]]:
    for entry in iter_entries(feed):
        dialect, kind = _find_dialect(entry)
        if kind and not dialect.hidden(entry):
            yield entry, dialect, kind


def _posts(feed: Feed) -> Iterator[Post]:
    for entry, dialect, kind in _visible_entries(feed):
        if kind in {"post", "page"}:
            yield dialect.post(feed, entry, kind)


def _comments(feed: Feed) -> Iterator[Comment]:
    for entry, dialect, kind in _visible_entries(feed):
        if kind == "comment":
            yield dialect.comment(feed, entry)


def _site(site: Site | None, survey: Survey) -> Site:
    if site:
        return replace(site, title=site.title or survey.title, host=site.host or survey.host)
    settings = survey.settings
    return Site(
        title=settings.get("BLOG_NAME") or survey.title,
        tagline=plain_text(settings.get("BLOG_DESCRIPTION", "")),
        zone=settings.get("BLOG_TIME_ZONE", ""),
        language=settings.get("BLOG_LOCALE", ""),
        host=survey.host,
        custom_domain=settings.get("BLOG_PUBLISHING_MODE", "").endswith("HOSTED"),
    )


def _terms(entry: etree._Element) -> Iterator[str]:
    yield from (category.get("term", "") for category in entry.iterchildren(f"{ATOM}category"))


def _host(head: etree._Element) -> str:
    for link in head.iterchildren(f"{ATOM}link"):
        if link.get("rel") == "alternate" and (url := link.get("href", "").strip()):
            with suppress(ValueError):
                return urlsplit(url).hostname or ""
    return ""
