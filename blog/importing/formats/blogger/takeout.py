"""Entries of the feed that Google Takeout makes of a blog (`feed.atom`), which say more, and know no host."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from lxml import etree

from blog.importing.archive import Comment, Post
from blog.importing.formats.atom import ATOM, Feed, content, text, updated, when
from blog.importing.formats.blogger.classic import number
from blog.importing.formats.blogger.label_names import unpacked

BLOGGER = "{http://schemas.google.com/blogger/2018}"
LABEL_SCHEME = "tag:blogger.com,1999:blog-"
KINDS = {"POST": "post", "PAGE": "page", "COMMENT": "comment"}
LIVE = "LIVE"
DRAFT = "DRAFT"
TRASHED = "SOFT_TRASHED"
# by what the report calls them
HIDDEN = {"SPAM_COMMENT": "spam", "GHOSTED_COMMENT": "ghosted", TRASHED: "trashed"}

NUMBER = re.compile(r"(?:post|page)-([0-9]{1,39})\Z")
MARKUP_BREAK = re.compile(r"<(?:br|p|div)\b", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")
ESCAPED = re.compile(r"&(?:amp|#\d{1,8}|#x[0-9a-f]{1,8});", re.IGNORECASE)


def kind(entry: etree._Element) -> str:
    """post, page or comment; "" for an entry of another feed."""
    return KINDS.get(_said(entry, "type"), "")


def hidden(entry: etree._Element) -> str:
    """Why nobody read the entry (`spam`, `ghosted`, `trashed`, `unshown`); "" where somebody did, and for drafts."""
    status = _said(entry, "status")
    if status in HIDDEN:
        return HIDDEN[status]
    unshown = status not in {"", LIVE} and kind(entry) == "comment"
    return "unshown" if unshown else ""


def post(feed: Feed, entry: etree._Element, kind: str) -> Post:
    """The post or page; Unusable, with the line, where it has no number or no date."""
    at = when(feed, entry, "published")
    return Post(
        ref=f"blogger:post-{number(feed, entry)}",
        kind=kind,
        path=_old_path(_said(entry, "filename")),
        title=text(entry, "title"),
        at=at,
        updated_at=updated(feed, entry, at),
        author_name=text(entry, "author", "name"),
        author_ref=text(entry, "author", "uri") or None,
        labels=unpacked(_terms(entry)),
        body=content(entry),
        # what has a status that nobody knows is better not shown unasked
        draft=_said(entry, "status") not in {"", LIVE},
    )


def comment(feed: Feed, entry: etree._Element) -> Comment:
    """The comment; Unusable, with the line, where it has no number or no date. Its line ends become breaks."""
    ident = number(feed, entry)
    post, parent = (NUMBER.search(_said(entry, name)) for name in ("parent", "inReplyTo"))
    return Comment(
        ref=f"blogger:comment-{ident}",
        post_ref=f"blogger:post-{post[1]}" if post else None,
        parent_ref=f"blogger:comment-{parent[1]}" if parent else None,
        name=text(entry, "author", "name"),
        website=text(entry, "author", "uri"),
        body=_with_breaks(content(entry).strip()),
        at=when(feed, entry, "published"),
        removed=False,
        anchor=f"c{ident}",
    )


def _said(entry: etree._Element, name: str) -> str:
    """What stands in the entry's own child: an author has a `type`, too."""
    return (entry.findtext(f"{BLOGGER}{name}") or "").strip()


def _terms(entry: etree._Element) -> list[str]:
    # labels that came from another blog bring its scheme along
    categories = entry.iterchildren(f"{ATOM}category")
    return [each.get("term", "") for each in categories if each.get("scheme", LABEL_SCHEME).startswith(LABEL_SCHEME)]


def _old_path(filename: str) -> str | None:
    path = unquote(unescape(filename) if ESCAPED.search(filename) else filename)
    return path if path.startswith("/") and path.strip("/") else None


def _with_breaks(body: str) -> str:
    """`body`, which has no blanks around it, with a break for each line end where it has no markup of its own."""
    return body if MARKUP_BREAK.search(body) else "<br />".join(line.strip(" \t") for line in LINE_END.split(body))
