"""Entries of Blogger's classic export (`blog-….xml`), which is among posts, comments, settings and the theme.

Read from real files, since Blogger's own description is gone. Which comment a comment answers stands only in its
`related` link.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from lxml import etree

from blog.importing.archive import Comment, Post
from blog.importing.formats.atom import ATOM, Feed, content, text, unusable_entry, updated, when
from blog.importing.formats.blogger.label_names import unpacked

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
SETTINGS = ("BLOG_NAME", "BLOG_DESCRIPTION", "BLOG_TIME_ZONE", "BLOG_LOCALE", "BLOG_PUBLISHING_MODE")


def kind(entry: etree._Element) -> str:
    """post, page, comment, settings or template; "" for an entry of another feed."""
    return next((term.removeprefix(KIND) for term in _terms(entry, KIND_SCHEME) if term.startswith(KIND)), "")


def hidden(_entry: etree._Element) -> str:
    """Nothing says of itself that it is spam or in the trash."""
    return ""


def setting(entry: etree._Element) -> dict[str, str]:
    """The setting that the entry is, by its name; {} for one that is not to be read."""
    name = text(entry, "id").rpartition(".")[2]
    return {name: text(entry, "content")} if name in SETTINGS else {}


def post(feed: Feed, entry: etree._Element, kind: str) -> Post:
    """The post or page; Unusable, with the line, where it has no number or no date."""
    at = when(feed, entry, "published")
    return Post(
        ref=f"blogger:post-{number(feed, entry)}",
        kind=kind,
        path=_old_path(entry),
        title=text(entry, "title"),
        at=at,
        updated_at=updated(feed, entry, at),
        author_name=text(entry, "author", "name"),
        author_ref=text(entry, "author", "uri") or None,
        labels=unpacked(_terms(entry, LABEL_SCHEME)),
        body=content(entry),
        draft=any((entry.findtext(draft) or "").strip() == "yes" for draft in DRAFT),
    )


def comment(feed: Feed, entry: etree._Element) -> Comment:
    """The comment; Unusable, with the line, where it has no number or no date."""
    ident, body = number(feed, entry), content(entry)
    post, parent = _answered_post(entry), _answered_comment(entry)
    return Comment(
        ref=f"blogger:comment-{ident}",
        post_ref=f"blogger:post-{post}" if post else None,
        parent_ref=f"blogger:comment-{parent}" if parent else None,
        name=text(entry, "author", "name"),
        website=text(entry, "author", "uri"),
        body=body,
        at=when(feed, entry, "published"),
        removed=_removed(entry, body),
        anchor=f"c{ident}",
    )


def number(feed: Feed, entry: etree._Element) -> str:
    """What the entry's id ends in; Unusable, with the line, where that is no number."""
    found = NUMBER.search(text(entry, "id"))
    if not found:
        raise unusable_entry(feed, entry, "no id that ends in a number")
    return found[1]


def _terms(entry: etree._Element, scheme: str) -> Iterator[str]:
    for category in entry.iterchildren(f"{ATOM}category"):
        if category.get("scheme") == scheme and (term := category.get("term", "").strip()):
            yield term


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
