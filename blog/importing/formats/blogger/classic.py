"""Parse the entries of Blogger's classic export (`blog-….xml`).

The feed mixes posts, comments, settings and the theme. Blogger's description of it is gone, so this follows real
files. The parent of a reply is only in its `related` link.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from lxml import etree

from blog.importing.archive import Comment, Post
from blog.importing.formats.atom import ATOM, child_text, entry_content, entry_title, parse_times
from blog.importing.formats.blogger.entry_ids import comment_numbers, find_comment, find_post, post_id, post_number
from blog.importing.formats.blogger.label_names import split_labels

KIND_SCHEME = "http://schemas.google.com/g/2005#kind"
KIND_PREFIX = "http://schemas.google.com/blogger/2008/kind#"
LABEL_SCHEME = "http://www.blogger.com/atom/ns#"
IN_REPLY_TO = "{http://purl.org/syndication/thread/1.0}in-reply-to"
PROPERTY = "{http://schemas.google.com/g/2005}extendedProperty"
DRAFT_TAGS = [f"{{{app}}}control/{{{app}}}draft" for app in ("http://purl.org/atom/app#", "http://www.w3.org/2007/app")]

PARENT_LINK = re.compile(r"(?:/([0-9]{1,18}))?/comments/default/([0-9]{1,39})/?\Z")
BLOGGER_HOST = re.compile(r"(?:[\w-]{1,63}\.)?blogger\.com")
BLOG_AT_BLOGGER = re.compile(r"/blogspot/([\w-]{1,63})(?=/|\Z)")
SHOW_COMMENT = re.compile(r"[?&]showComment=([0-9]{10,14})(?![0-9])")
REMOVED_TEXT = re.compile(r"This (?:comment|post) has been removed by (?:a blog administrator|the author)\.")
# the other settings contain e-mail addresses
SETTINGS = ("BLOG_NAME", "BLOG_DESCRIPTION", "BLOG_TIME_ZONE", "BLOG_LOCALE", "BLOG_PUBLISHING_MODE")


def kind(entry: etree._Element) -> str:
    """Return post, page, comment, settings or template, or "" in another feed."""
    terms = (term for term in _terms(entry, KIND_SCHEME) if term.startswith(KIND_PREFIX))
    return next((term.removeprefix(KIND_PREFIX) for term in terms), "")


def blog_host(place: etree._Element) -> str:
    """Return the host of the feed's or entry's blog; Blogger's own host is never one."""
    for url in _links(place, "alternate"):
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            if not BLOGGER_HOST.fullmatch(host := parts.hostname or ""):
                return host
            if found := BLOG_AT_BLOGGER.match(parts.path):
                return f"{found[1].lower()}.blogspot.com"
    return ""


def hidden(_entry: etree._Element) -> str:
    """Return "": entries of this export are never spam or deleted."""
    return ""


def setting(entry: etree._Element) -> dict[str, str]:
    """Return the setting in an entry, or {} if it is unused."""
    name = child_text(entry, "id").rpartition(".")[2]
    return {name: child_text(entry, "content")} if name in SETTINGS else {}


def post(entry: etree._Element, kind: str) -> Post:
    """Parse a post or page.

    Raises: BadEntry if it has no number or no date.
    """
    path = _old_path(entry)
    at, updated_at, odd_date = parse_times(entry, path=path)
    return Post(
        ref=f"blogger:post-{post_number(entry)}",
        kind=kind,
        path=path,
        title=entry_title(entry),
        at=at,
        updated_at=updated_at,
        author_name=child_text(entry, "author", "name"),
        author_ref=child_text(entry, "author", "uri") or None,
        labels=split_labels(_terms(entry, LABEL_SCHEME)),
        body=entry_content(entry),
        draft=any((entry.findtext(tag) or "").strip() == "yes" for tag in DRAFT_TAGS),
        odd_date=odd_date,
        atom_id=post_id(entry),
    )


def comment(entry: etree._Element) -> Comment:
    """Parse a comment.

    Raises: BadEntry if it has no number or no date.
    """
    (ident, at_post), body = comment_numbers(entry), entry_content(entry)
    at, _, odd_date = parse_times(entry, *_show_comment_times(entry))
    references = [reference.get("ref", "").strip() for reference in entry.iterchildren(IN_REPLY_TO)]
    post = next(filter(None, map(find_post, [*references, child_text(entry, "id").partition(".comment-")[0]])), None)
    parent = _parent_number(entry, ident) or next(filter(None, map(find_comment, references)), None)
    return Comment(
        ref=f"blogger:comment-{ident}",
        post_ref=f"blogger:post-{post}" if post else None,
        parent_ref=f"blogger:comment-{parent}" if parent else None,
        name=child_text(entry, "author", "name"),
        website=child_text(entry, "author", "uri"),
        body=body,
        at=at,
        removed=_is_removed(entry, body),
        anchor=f"c{at_post}",
        odd_date=odd_date,
    )


def _terms(entry: etree._Element, scheme: str) -> Iterator[str]:
    for category in entry.iterchildren(f"{ATOM}category"):
        if category.get("scheme") == scheme and (term := category.get("term", "").strip()):
            yield term


def _links(entry: etree._Element, relation: str) -> Iterator[str]:
    for link in entry.iterchildren(f"{ATOM}link"):
        if link.get("rel") == relation and (url := link.get("href", "").strip()):
            yield url


def _show_comment_times(entry: etree._Element) -> Iterator[str]:
    """Yield the time in a comment's permalink, as in `?showComment=1306000000000`."""
    for url in _links(entry, "alternate"):
        if found := SHOW_COMMENT.search(url):
            yield datetime.fromtimestamp(int(found[1]) / 1000, UTC).isoformat()


def _old_path(entry: etree._Element) -> str | None:
    for url in _links(entry, "alternate"):
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            path = parts.path
            if BLOGGER_HOST.fullmatch(parts.hostname or ""):
                path = BLOG_AT_BLOGGER.sub("", path, count=1)
            path = unquote(path).replace("\0", "")  # PostgreSQL stores no NUL
            return path if path.strip("/") else None
    return None


def _parent_number(entry: etree._Element, ident: str) -> str | None:
    """Return the parent's number, of the same shape as the reply's."""
    found = next(filter(None, map(PARENT_LINK.search, _links(entry, "related"))), None)
    if not found:
        return None
    return f"{found[1]}-{found[2]}" if "-" in ident and found[1] else found[2]


def _is_removed(entry: etree._Element, body: str) -> bool:
    marks = (mark.get("value") for mark in entry.iterchildren(PROPERTY) if mark.get("name") == "blogger.contentRemoved")
    unlinked = next(_links(entry, "alternate"), None) is None
    return "true" in marks or (unlinked and bool(REMOVED_TEXT.fullmatch(body.strip())))
