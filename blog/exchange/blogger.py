"""Blogger's classic export: one Atom feed of posts, pages, comments, settings and the theme (`blog-….xml`).

Read from real files, since Blogger's own description is gone. Posts and pages share one space of numbers: a
comment on a page names it as `.post-N`. Which comment a comment answers stands only in its `related` link.
"""

from __future__ import annotations

import contextlib
import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from blog.errors import Unusable
from blog.exchange.archive import Archive, Comment, Post, Site
from blog.exchange.atom import ATOM, entries, text, unusable_entry, when, whole_text
from blog.exchange.lineage import Lineage, doubled, once
from blog.html import plain_text

KIND_SCHEME = "http://schemas.google.com/g/2005#kind"
KIND = "http://schemas.google.com/blogger/2008/kind#"
LABEL_SCHEME = "http://www.blogger.com/atom/ns#"
IN_REPLY_TO = "{http://purl.org/syndication/thread/1.0}in-reply-to"
PROPERTY = "{http://schemas.google.com/g/2005}extendedProperty"
DRAFT = [f"{{{app}}}control/{{{app}}}draft" for app in ("http://purl.org/atom/app#", "http://www.w3.org/2007/app")]

NUMBER = re.compile(r"(?:post|page)-([0-9]{1,39})\Z")
ANSWERED = re.compile(r"/comments/default/([0-9]{1,39})/?\Z")
REMOVED = re.compile(r"This (?:comment|post) has been removed by (?:a blog administrator|the author)\.")
# the rest of the settings hold e-mail addresses
SETTINGS = ("BLOG_NAME", "BLOG_DESCRIPTION", "BLOG_TIME_ZONE", "BLOG_LOCALE")


def read(path: Path) -> Archive:
    """Read the export to its end and return it; Unusable, in one sentence, where it is broken or holds no export."""
    site, posts, lineage = _survey(path)
    lineage.settle()
    doubled_posts, doubled_comments = doubled(posts), doubled(lineage.refs)
    return Archive(
        site=site,
        posts=lambda: once(_posts(path), doubled_posts),
        comments=lambda: lineage.parents_first(once(_comments(path), doubled_comments)),
        doubled=doubled_posts.total() + doubled_comments.total(),
        circular=lineage.circular,
    )


def _survey(path: Path) -> tuple[Site, array[int], Lineage]:
    """The first pass: every entry is read as the second pass will read it, so that what cannot be read shows now."""
    posts, lineage = array("q"), Lineage()
    settings: dict[str, str] = {}
    title = host = ""
    known = False
    for entry in entries(path):
        feed = entry.getparent()
        if feed is not None and not known:
            title, host = title or text(feed, "title"), host or _host(feed)
        kind = _kind(entry)
        known = known or bool(kind)
        if kind in {"post", "page"}:
            posts.append(hash(_post(path, entry, kind).ref))
        elif kind == "comment":
            comment = _comment(path, entry)
            lineage.note(comment.ref, comment.parent_ref)
        elif kind == "settings" and (name := text(entry, "id").rpartition(".")[2]) in SETTINGS:
            settings[name] = text(entry, "content")
    if not known:
        raise Unusable(
            f"{path} looks like a feed, but not like an export: in Blogger's settings choose “Back up content”, "
            "and import the .xml file that it saves."
        )
    return _site(settings, title, host), posts, lineage


def _posts(path: Path) -> Iterator[Post]:
    for entry in entries(path):
        if (kind := _kind(entry)) in {"post", "page"}:
            yield _post(path, entry, kind)


def _comments(path: Path) -> Iterator[Comment]:
    for entry in entries(path):
        if _kind(entry) == "comment":
            yield _comment(path, entry)


def _site(settings: dict[str, str], title: str, host: str) -> Site:
    return Site(
        title=settings.get("BLOG_NAME") or title,
        tagline=plain_text(settings.get("BLOG_DESCRIPTION", "")),
        zone=settings.get("BLOG_TIME_ZONE", ""),
        language=settings.get("BLOG_LOCALE", ""),
        host=host,
    )


def _post(path: Path, entry: etree._Element, kind: str) -> Post:
    at = when(path, entry, "published")
    return Post(
        ref=f"blogger:post-{_number(path, entry)}",
        kind=kind,
        path=_old_path(entry),
        title=text(entry, "title"),
        at=at,
        updated_at=when(path, entry, "updated") if text(entry, "updated") else at,
        author_name=text(entry, "author", "name"),
        author_ref=text(entry, "author", "uri") or None,
        labels=tuple(_terms(entry, LABEL_SCHEME)),
        body=_content(entry),
        draft=any((entry.findtext(draft) or "").strip() == "yes" for draft in DRAFT),
    )


def _comment(path: Path, entry: etree._Element) -> Comment:
    number, body = _number(path, entry), _content(entry)
    post, parent = _answered_post(entry), _answered_comment(entry)
    return Comment(
        ref=f"blogger:comment-{number}",
        post_ref=f"blogger:post-{post}" if post else None,
        parent_ref=f"blogger:comment-{parent}" if parent else None,
        name=text(entry, "author", "name"),
        website=text(entry, "author", "uri"),
        body=body,
        at=when(path, entry, "published"),
        removed=_removed(entry, body),
        anchor=f"c{number}",
    )


def _kind(entry: etree._Element) -> str:
    """post, page, comment, settings or template; "" for an entry of another feed."""
    return next((term.removeprefix(KIND) for term in _terms(entry, KIND_SCHEME) if term.startswith(KIND)), "")


def _terms(entry: etree._Element, scheme: str) -> Iterator[str]:
    for category in entry.iterchildren(f"{ATOM}category"):
        if category.get("scheme") == scheme and (term := category.get("term", "").strip()):
            yield term


def _number(path: Path, entry: etree._Element) -> str:
    found = NUMBER.search(text(entry, "id"))
    if not found:
        raise unusable_entry(path, entry, "no id that ends in a number")
    return found[1]


def _content(entry: etree._Element) -> str:
    content = entry.find(f"{ATOM}content")
    return "" if content is None else whole_text(content)


def _links(entry: etree._Element, relation: str) -> Iterator[str]:
    for link in entry.iterchildren(f"{ATOM}link"):
        if link.get("rel") == relation and (address := link.get("href", "").strip()):
            yield address


def _old_path(entry: etree._Element) -> str | None:
    for address in _links(entry, "alternate"):
        with contextlib.suppress(ValueError):
            path = unquote(urlsplit(address).path)
            return path if path.strip("/") else None
    return None


def _host(feed: etree._Element) -> str:
    for address in _links(feed, "alternate"):
        with contextlib.suppress(ValueError):
            return urlsplit(address).hostname or ""
    return ""


def _answered_post(entry: etree._Element) -> str | None:
    answered = entry.find(IN_REPLY_TO)
    found = NUMBER.search(answered.get("ref", "").strip()) if answered is not None else None
    return found[1] if found else None


def _answered_comment(entry: etree._Element) -> str | None:
    return next((found[1] for address in _links(entry, "related") if (found := ANSWERED.search(address))), None)


def _removed(entry: etree._Element, body: str) -> bool:
    marks = (mark.get("value") for mark in entry.iterchildren(PROPERTY) if mark.get("name") == "blogger.contentRemoved")
    unlinked = next(_links(entry, "alternate"), None) is None
    return "true" in marks or (unlinked and bool(REMOVED.fullmatch(body.strip())))
