"""Parse the entries of a Google Takeout feed (`feed.atom`).

They say more than the classic export, but never the blog's host.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from lxml import etree

from blog.importing.archive import Comment, Post
from blog.importing.formats.atom import ATOM, child_text, entry_content, entry_title, parse_times
from blog.importing.formats.blogger.entry_ids import comment_numbers, find_comment, find_post, post_id, post_number
from blog.importing.formats.blogger.label_names import split_labels

BLOGGER = "{http://schemas.google.com/blogger/2018}"
LABEL_SCHEME = "tag:blogger.com,1999:blog-"
KINDS = {"POST": "post", "PAGE": "page", "COMMENT": "comment"}
LIVE = "LIVE"
# by status, the reason in the report
HIDDEN_REASONS = {"SPAM_COMMENT": "spam", "GHOSTED_COMMENT": "ghosted", "SOFT_TRASHED": "trashed"}

MARKUP_BREAK = re.compile(r"<(?:br|p|div)\b", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")
HTML_ENTITY = re.compile(r"&(?:amp|#\d{1,8}|#x[0-9a-f]{1,8});", re.IGNORECASE)


def kind(entry: etree._Element) -> str:
    """Return post, page or comment, or "" in another feed."""
    return KINDS.get(_value(entry, "type"), "")


def hidden(entry: etree._Element) -> str:
    """Return why Blogger hid the entry; "" for drafts and visible entries.

    One of `spam`, `ghosted`, `trashed` and `unshown`.
    """
    status = _value(entry, "status")
    if status in HIDDEN_REASONS:
        return HIDDEN_REASONS[status]
    return "unshown" if status not in {"", LIVE} and kind(entry) == "comment" else ""


def post(entry: etree._Element, kind: str) -> Post:
    """Parse a post or page.

    Raises: BadEntry if it has no number or no date.
    """
    path = _old_path(_value(entry, "filename"))
    at, updated_at, odd_date = parse_times(entry, _value(entry, "created"), path=path)
    return Post(
        ref=f"blogger:post-{post_number(entry)}",
        kind=kind,
        path=path,
        title=entry_title(entry),
        at=at,
        updated_at=updated_at,
        author_name=child_text(entry, "author", "name"),
        author_ref=child_text(entry, "author", "uri") or None,
        labels=split_labels(_label_terms(entry)),
        body=entry_content(entry),
        # a post of unknown status must not be published by accident
        draft=_value(entry, "status") not in {"", LIVE},
        odd_date=odd_date,
        atom_id=post_id(entry),
    )


def comment(entry: etree._Element) -> Comment:
    """Parse a comment; its line ends become breaks.

    Raises: BadEntry if it has no number or no date.
    """
    ident, at_post = comment_numbers(entry)
    at, _, odd_date = parse_times(entry, _value(entry, "created"))
    post, answered = find_post(_value(entry, "parent")), _value(entry, "inReplyTo")
    parent = find_comment(answered) or find_post(answered)
    return Comment(
        ref=f"blogger:comment-{ident}",
        post_ref=f"blogger:post-{post}" if post else None,
        parent_ref=f"blogger:comment-{parent}" if parent else None,
        name=child_text(entry, "author", "name"),
        website=child_text(entry, "author", "uri"),
        body=_with_breaks(entry_content(entry).strip()),
        at=at,
        removed=False,
        anchor=f"c{at_post}",
        odd_date=odd_date,
    )


def _value(entry: etree._Element, name: str) -> str:
    """Return the text of a direct child: authors have a `type`, too."""
    return (entry.findtext(f"{BLOGGER}{name}") or "").strip()


def _label_terms(entry: etree._Element) -> list[str]:
    # labels from another blog have that blog's scheme
    categories = entry.iterchildren(f"{ATOM}category")
    return [each.get("term", "") for each in categories if each.get("scheme", LABEL_SCHEME).startswith(LABEL_SCHEME)]


def _old_path(filename: str) -> str | None:
    path = unquote(unescape(filename) if HTML_ENTITY.search(filename) else filename).replace("\0", "")
    return path if path.startswith("/") and path.strip("/") else None


def _with_breaks(body: str) -> str:
    """Turn the line ends of a stripped text without markup into breaks."""
    return body if MARKUP_BREAK.search(body) else "<br />".join(line.strip(" \t") for line in LINE_END.split(body))
