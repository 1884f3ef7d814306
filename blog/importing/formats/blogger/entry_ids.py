"""Read the numbers of posts and comments in Atom ids and references.

Blogger numbers comments like posts (`post-8`). Other programs write `comment-8` or `post-17.comment-8`, where each post
may count its comments from 1.
"""

from __future__ import annotations

import re

from lxml import etree

from blog.importing.formats.atom import BadEntry, child_text

POST = re.compile(r"(?:post|page)-([0-9]{1,39})\Z")
POST_OF_COMMENT = re.compile(r"(?:post|page)-([0-9]{1,39})\.comment-[0-9]{1,39}\Z")
COMMENT = re.compile(r"(?:(?:post|page)-([0-9]{1,18})\.)?comment-([0-9]{1,39})\Z")
BLOG = re.compile(r"tag:blogger\.com,1999:blog-[0-9]{1,39}(?=[.]|\Z)")
LAST_NUMBER = re.compile(r"([0-9]{1,39})\Z")


def post_number(entry: etree._Element) -> str:
    """Return a post's number. Raises: BadEntry if there is none."""
    found = POST.search(child_text(entry, "id"))
    if not found:
        raise BadEntry("no_number")
    return found[1]


def blog_id(ident: str) -> str:
    """Return the feed's id, with which its entries' ids begin, or ""."""
    found = BLOG.match(ident)
    return found[0] if found else ""


def post_id(entry: etree._Element) -> str | None:
    """Return the id of a post in the blog's feed, where Blogger gave it one.

    The export calls a page `page-N`.
    """
    blog = blog_id(child_text(entry, "id"))
    return f"{blog}.post-{post_number(entry)}" if blog else None


def comment_numbers(entry: etree._Element) -> tuple[str, str]:
    """Return a comment's number in the blog, and at its post.

    Raises: BadEntry if there is none.
    """
    ident = child_text(entry, "id")
    if found := LAST_NUMBER.search(ident):
        return find_comment(ident) or found[1], found[1]
    raise BadEntry("no_number")


def find_post(reference: str) -> str | None:
    """Return the number of the post that a reference names, itself or one of its comments."""
    found = POST.search(reference) or POST_OF_COMMENT.search(reference)
    return found[1] if found else None


def find_comment(reference: str) -> str | None:
    """Return the number of the comment in a reference that calls it a comment."""
    found = COMMENT.search(reference)
    if not found:
        return None
    return f"{found[1]}-{found[2]}" if found[1] else found[2]
