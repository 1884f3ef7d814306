"""Blogger's exports: one Atom feed of posts, pages and comments, in the classic dialect or in Takeout's.

Which of the two an entry speaks shows in the entry, whatever the file is called. Posts and pages share one space of
numbers: a comment on a page names it as `.post-N`.
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
from blog.importing.archive import Archive, Comment, Post, Site, no_picture
from blog.importing.formats.atom import ATOM, Feed, UndeclaredPrefix, entries, text
from blog.importing.formats.blogger import classic, takeout
from blog.importing.formats.repair_xml import declared
from blog.importing.load.thread_order import ThreadOrder

MOST_PREFIXES = 20


class Dialect(Protocol):
    """How entries say what they are. `kind` is post, page, comment, settings or template, else ""."""

    def kind(self, entry: etree._Element, /) -> str: ...
    def hidden(self, entry: etree._Element, /) -> str: ...
    def post(self, feed: Feed, entry: etree._Element, kind: str, /) -> Post: ...
    def comment(self, feed: Feed, entry: etree._Element, /) -> Comment: ...


DIALECTS: tuple[Dialect, ...] = (classic, takeout)


@dataclass(slots=True)
class Survey:
    """What the first pass found: every entry was read as the later ones will read it."""

    lineage: ThreadOrder = field(default_factory=ThreadOrder)
    settings: dict[str, str] = field(default_factory=dict)
    title: str = ""
    host: str = ""
    known: bool = False
    total: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unpacked: int = 0


def read(
    feed: Feed,
    site: Site | None = None,
    picture: Callable[[str], bytes | None] = no_picture,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Archive:
    """Read the export to its end and return it; Unusable, in one sentence, where it is broken or holds no export.

    `site` is what is known of the blog from beside the feed. `progress` is told how many entries were read, of 0.
    """
    feed, mended, survey = _survey_mended(feed, progress)
    survey.lineage.settle()
    lineage = survey.lineage
    return Archive(
        site=_site(site, survey),
        posts=lambda: lineage.once(_posts(feed)),
        comments=lambda: lineage.parents_first(lineage.once(_comments(feed))),
        total=survey.total - sum(lineage.doubled.values()),
        picture=picture,
        doubled=sum(lineage.doubled.values()),
        circular=lineage.circular,
        skipped=survey.skipped,
        unpacked=survey.unpacked,
        mended=tuple(mended),
    )


def _survey_mended(feed: Feed, progress: Callable[[int, int], None]) -> tuple[Feed, list[str], Survey]:
    """The survey of `feed`, and the feed with the prefixes declared that were not."""
    mended: list[str] = []
    while True:
        try:
            return feed, mended, _survey(feed, progress)
        except UndeclaredPrefix as found:
            if found.prefix in mended or len(mended) == MOST_PREFIXES:
                raise
            mended.append(found.prefix)
            feed = declared(feed, found.prefix)


def _survey(feed: Feed, progress: Callable[[int, int], None]) -> Survey:
    survey = Survey()
    for number, entry in enumerate(entries(feed)):
        if number % 100 == 0:
            progress(number, 0)
        _note_entry(feed, entry, survey)
    if not survey.known:
        raise Unusable(
            f"{feed.name} looks like a feed, but not like an export: in Blogger's settings choose “Back up content”, "
            "and import the .xml file or the Takeout .zip that comes of it."
        )
    return survey


def _note_entry(feed: Feed, entry: etree._Element, survey: Survey) -> None:
    if not survey.known and (head := entry.getparent()) is not None:
        survey.title, survey.host = survey.title or text(head, "title"), survey.host or _host(head)
    dialect, kind = _understood(entry)
    survey.known = survey.known or bool(kind)
    if kind in {"post", "page", "comment"}:
        if hidden := dialect.hidden(entry):
            survey.skipped[hidden] += 1
            return
        survey.total += 1
        if kind == "comment":
            comment = dialect.comment(feed, entry)
            survey.lineage.note(comment.ref, comment.parent_ref)
        else:
            survey.lineage.note(dialect.post(feed, entry, kind).ref)
            survey.unpacked += sum("," in term for term in _terms(entry))
    elif kind == "settings":
        survey.settings |= classic.setting(entry)


def _understood(entry: etree._Element) -> tuple[Dialect, str]:
    for dialect in DIALECTS:
        if kind := dialect.kind(entry):
            return dialect, kind
    return DIALECTS[0], ""


def _shown(feed: Feed) -> Iterator[tuple[etree._Element, Dialect, str]]:
    for entry in entries(feed):
        dialect, kind = _understood(entry)
        if kind and not dialect.hidden(entry):
            yield entry, dialect, kind


def _posts(feed: Feed) -> Iterator[Post]:
    for entry, dialect, kind in _shown(feed):
        if kind in {"post", "page"}:
            yield dialect.post(feed, entry, kind)


def _comments(feed: Feed) -> Iterator[Comment]:
    for entry, dialect, kind in _shown(feed):
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
        hosted=settings.get("BLOG_PUBLISHING_MODE", "").endswith("HOSTED"),
    )


def _terms(entry: etree._Element) -> Iterator[str]:
    yield from (category.get("term", "") for category in entry.iterchildren(f"{ATOM}category"))


def _host(head: etree._Element) -> str:
    for link in head.iterchildren(f"{ATOM}link"):
        if link.get("rel") == "alternate" and (address := link.get("href", "").strip()):
            with suppress(ValueError):
                return urlsplit(address).hostname or ""
    return ""
