"""Describe the comments of a page for search engines, as schema.org's Comment in JSON.

Google's rules: developers.google.com/search/docs/appearance/structured-data/discussion-forum. Only visible comments are
described, each under the visible one that it is placed under.
"""

from __future__ import annotations

from typing import Any

from blog.comments.models import Comment
from blog.comments.thread.branches import Branch, CommentRow
from blog.db import db
from blog.html import plain_text
from blog.html.plain_text import shorten
from blog.html.script_json import script_json
from blog.web.fragment_cache import FragmentCache
from blog.web.htmx import dom_id
from blog.web.i18n import iso

# stands for the scheme and host in a cached page; JSON holds no control characters
HOST_PLACEHOLDER = "\1"
MAX_TEXT = 500

# in bytes: some thousands of comments; saves 40 % of describing a page after a change of its thread
comment_data_cache = FragmentCache(1_000_000)


class CommentData:
    """Describe the comments of one page of a thread within a number of bytes.

    What does not fit is left out, the last comments first.
    """

    def __init__(self, address: str, max_bytes: int) -> None:
        self._page, self._bytes_left = f'"{HOST_PLACEHOLDER}{script_json(address)[1:-1]}#', max_bytes

    def describe(self, branches: list[Branch]) -> str:
        """Return the JSON list of these branches. Recursion is as deep as replies are indented."""
        return f"[{','.join(self._list(branches))}]"

    def _list(self, branches: list[Branch]) -> list[str]:
        found: list[str] = []
        for branch in branches:
            # the place of a hidden comment is taken by its replies
            found += self._describe(branch) if branch.comment.visible else self._list(branch.branches)
        return found

    def _describe(self, branch: Branch) -> list[str]:
        address = f'{self._page}{dom_id(branch.comment, noun="comment")}"'
        opening = f'{{"@type":"Comment","url":{address},{_fields(branch.comment)}'
        size = len(opening.encode()) + 2
        if self._bytes_left < size:
            self._bytes_left = 0
            return []
        self._bytes_left -= size
        replies = f',"comment":{self.describe(branch.branches)}' if branch.branches else ""
        return [f"{opening}{replies}}}"]


def _fields(comment: Comment | CommentRow) -> str:
    """Return the members that do not depend on the page."""
    key = (db.engine.url.database, comment.id, hash(comment))
    return comment_data_cache.get(key, lambda: script_json(_describe(comment))[1:-1]).html.decode()


def _describe(comment: Comment | CommentRow) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "author": {"@type": "Person", "name": comment.name},
        "datePublished": iso(comment.created_at),
        "text": shorten(plain_text(comment.body_html), MAX_TEXT),
    }
    return fields | ({"dateModified": iso(comment.edited_at)} if comment.edited_at else {})
