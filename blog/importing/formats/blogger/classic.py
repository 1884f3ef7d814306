"""Parse the entries of Blogger's classic export (`blog-….xml`).

The feed mixes posts, comments, settings and the theme. Blogger's description of it is gone, so this follows real
files. The parent of a reply is only in its `related` link.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from lxml import etree

from blog.importing.archive import Comment, Post
from blog.importing.formats.atom import ATOM, Feed, bad_entry, child_text, entry_content, parse_time, parse_updated
from blog.importing.formats.blogger.label_names import split_labels

KIND_SCHEME = "http://schemas.google.com/g/2005#kind"
KIND_PREFIX = "http://schemas.google.com/blogger/2008/kind#"
LABEL_SCHEME = "http://www.blogger.com/atom/ns#"
IN_REPLY_TO = "{http://purl.org/syndication/thread/1.0}in-reply-to"
PROPERTY = "{http://schemas.google.com/g/2005}extendedProperty"
DRAFT_TAGS = [f"{{{app}}}control/{{{app}}}draft" for app in ("http://purl.org/atom/app#", "http://www.w3.org/2007/app")]

ID_NUMBER = re.compile(r"(?:post|page)-([0-9]{1,39})\Z")
PARENT_LINK = re.compile(r"/comments/default/([0-9]{1,39})/?\Z")
REMOVED_TEXT = re.compile(r"This (?:comment|post) has been removed by (?:a blog administrator|the author)\.")
# the other settings contain e-mail addresses
SETTINGS = ("BLOG_NAME", "BLOG_DESCRIPTION", "BLOG_TIME_ZONE", "BLOG_LOCALE", "BLOG_PUBLISHING_MODE")


def kind(entry: etree._Element) -> str:
    """Return post, page, comment, settings or template, or "" in another feed."""
    terms = (term for term in _terms(entry, KIND_SCHEME) if term.startswith(KIND_PREFIX))
    return next((term.removeprefix(KIND_PREFIX) for term in terms), "")


def hidden(_entry: etree._Element) -> str:
    """Return "": entries of this export are never spam or deleted."""
    return ""


def setting(entry: etree._Element) -> dict[str, str]:
    """Return the setting in an entry, or {} if it is unused."""
    name = child_text(entry, "id").rpartition(".")[2]
    return {name: child_text(entry, "content")} if name in SETTINGS else {}


def post(feed: Feed, entry: etree._Element, kind: str) -> Post:
    """Parse a post or page.

    Raises: Unusable, with the line, if it has no number or no date.
    """
    at = parse_time(feed, entry, "published")
    return Post(
        ref=f"blogger:post-{number(feed, entry)}",
        kind=kind,
        path=_old_path(entry),
        title=child_text(entry, "title"),
        at=at,
        updated_at=parse_updated(feed, entry, at),
        author_name=child_text(entry, "author", "name"),
        author_ref=child_text(entry, "author", "uri") or None,
        labels=split_labels(_terms(entry, LABEL_SCHEME)),
        body=entry_content(entry),
        draft=any((entry.findtext(tag) or "").strip() == "yes" for tag in DRAFT_TAGS),
    )


def comment(feed: Feed, entry: etree._Element) -> Comment:
    """Parse a comment.

    Raises: Unusable, with the line, if it has no number or no date.
    """
    ident, body = number(feed, entry), entry_content(entry)
    post, parent = _post_number(entry), _parent_number(entry)
    return Comment(
        ref=f"blogger:comment-{ident}",
        post_ref=f"blogger:post-{post}" if post else None,
        parent_ref=f"blogger:comment-{parent}" if parent else None,
        name=child_text(entry, "author", "name"),
        website=child_text(entry, "author", "uri"),
        body=body,
        at=parse_time(feed, entry, "published"),
        removed=_is_removed(entry, body),
        anchor=f"c{ident}",
    )


def number(feed: Feed, entry: etree._Element) -> str:
    """Return the number at the end of the entry's id.

    Raises: Unusable, with the line, if there is none.
    """
    found = ID_NUMBER.search(child_text(entry, "id"))
    if not found:
        raise bad_entry(feed, entry, "no id that ends in a number")
    return found[1]


def _terms(entry: etree._Element, scheme: str) -> Iterator[str]:
    for category in entry.iterchildren(f"{ATOM}category"):
        if category.get("scheme") == scheme and (term := category.get("term", "").strip()):
            yield term


def _links(entry: etree._Element, relation: str) -> Iterator[str]:
    for link in entry.iterchildren(f"{ATOM}link"):
        if link.get("rel") == relation and (url := link.get("href", "").strip()):
            yield url


def _old_path(entry: etree._Element) -> str | None:
    for url in _links(entry, "alternate"):
        with contextlib.suppress(ValueError):
            path = unquote(urlsplit(url).path)
            return path if path.strip("/") else None
    return None


def _post_number(entry: etree._Element) -> str | None:
    reference = entry.find(IN_REPLY_TO)
    found = ID_NUMBER.search(reference.get("ref", "").strip()) if reference is not None else None
    return found[1] if found else None


def _parent_number(entry: etree._Element) -> str | None:
    return next((found[1] for url in _links(entry, "related") if (found := PARENT_LINK.search(url))), None)


def _is_removed(entry: etree._Element, body: str) -> bool:
    marks = (mark.get("value") for mark in entry.iterchildren(PROPERTY) if mark.get("name") == "blogger.contentRemoved")
    unlinked = next(_links(entry, "alternate"), None) is None
    return "true" in marks or (unlinked and bool(REMOVED_TEXT.fullmatch(body.strip())))
