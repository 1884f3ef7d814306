"""Render one branch of a thread: a comment with its replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import CompoundSelect, Select, select

from blog.comments.models import VISIBLE, Comment
from blog.db import db
from blog.site.models import Site
from blog.web.fragment_cache import CACHE_PLACEHOLDER, FragmentCache
from blog.web.i18n import local_today


class CommentRow(NamedTuple):
    """Hold what a page needs of a comment; saves 8 % compared with objects."""

    id: int
    post_id: int
    parent_id: int | None
    display_parent_id: int | None
    root_id: int | None
    version: int
    status: str
    created_at: datetime
    name: str
    website: str
    body_html: str
    anchor: str | None
    edited_at: datetime | None
    editor_id: int | None
    reader_key: str | None
    email: str
    agree_count: int
    agree_version: int

    @property
    def visible(self) -> bool:
        return self.status == VISIBLE

    @property
    def position(self) -> int:
        """Return the sort key among siblings, as `Comment.position` does."""
        return round(self.created_at.timestamp() * 1000)


class RenderOptions(NamedTuple):
    """Hold the site settings that the HTML of a comment depends on, and the local date."""

    language: str
    timezone: str
    agreeing: bool
    today: date


COLUMNS = [getattr(Comment, name) for name in CommentRow._fields]
BY_TIME = attrgetter("created_at", "id")

# in bytes: the HTML of some thousands of comments; saves 85 % of a long post page after a new comment
comment_cache = FragmentCache(8_000_000)


@dataclass(frozen=True)
class Gap:
    """Represent the collapsed replies in the middle of a long branch.

    They are later than `position` and, where other replies follow on the page, earlier than `until`, both in
    milliseconds since 1970. `address` leads to the first `size` of them. `count` is None where it is unknown.
    """

    root_id: int
    address: str
    position: int
    until: int | None
    size: int
    count: int | None = None


@dataclass(slots=True)
class Branch:
    """Represent a comment with its replies.

    A hidden comment keeps its place, without its content, while something visible is under it; `gone` says that
    nothing is. `in_reply_to` is the visible comment that it answers, `names_parent` says that its place does not show
    that, `parent_on_page` that the parent is on the same page. `gap` is placed before the branch of its index.
    `earlier` leads to the replies before the first one. `total` is the number of visible comments in the whole
    branch, set for live updates only.
    """

    comment: Comment | CommentRow
    in_reply_to: Comment | CommentRow | None = None
    names_parent: bool = False
    parent_on_page: bool = False
    gone: bool = False
    branches: list[Branch] = field(default_factory=list)
    gap: tuple[int, Gap] | None = None
    earlier: str = ""
    total: int = 0

    def html(self, options: RenderOptions) -> str:
        """Render the whole branch. Unchanged comments come from the cache."""
        before, _, after = self._comment_html(options).partition(CACHE_PLACEHOLDER)
        parts = [branch.html(options) for branch in self.branches]
        if self.gap:
            parts.insert(self.gap[0], render_template("comments/thread/_gap.html", gap=self.gap[1]))
        if self.earlier:
            parts.insert(0, render_template("comments/thread/_earlier.html", address=self.earlier))
        return "".join([before, *parts, after])

    def _comment_html(self, options: RenderOptions) -> str:
        # the version is not enough: a restored backup may have another text under the same one
        parent = self.in_reply_to and (
            self.in_reply_to.id,
            self.in_reply_to.name,
            self.names_parent,
            self.parent_on_page,
        )
        key = (db.engine.url.database, self.comment.id, hash(self.comment), parent, *options)
        return comment_cache.get(key, self._render).html.decode()

    def _render(self) -> str:
        return render_template("comments/thread/_comment.html", branch=self, replies=CACHE_PLACEHOLDER)


def render_options(site: Site) -> RenderOptions:
    return RenderOptions(site.language, site.timezone, site.agreeing, local_today())


def nest(comments: dict[int, Any], others: dict[int, Any] | None = None) -> list[Branch]:
    """Build the branches of these comments, oldest first.

    `others` are further comments that are known, but not on the page. A comment whose display parent is not on the
    page is placed directly under its root.
    """
    known = {**comments, **(others or {})}
    branches = {comment.id: _make_branch(comment, known) for comment in sorted(comments.values(), key=BY_TIME)}
    roots: list[Branch] = []
    for branch in branches.values():
        comment = branch.comment
        place = branches.get(comment.display_parent_id or 0) or branches.get(comment.root_id or 0)
        (place.branches if place else roots).append(branch)
        branch.names_parent = comment.parent_id != (place.comment.id if place else None)
        branch.parent_on_page = comment.parent_id in comments
    return roots


def _make_branch(comment: Comment | CommentRow, known: dict[int, Any]) -> Branch:
    parent = known.get(comment.parent_id) or db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    in_reply_to = parent if parent and parent.visible else None
    return Branch(comment, in_reply_to, names_parent=comment.parent_id != comment.display_parent_id)


def fetch_rows(query: Select[Any] | CompoundSelect[Any], values: dict[str, Any] | None = None) -> dict[int, CommentRow]:
    """Return the rows that a query of COLUMNS finds, by id."""
    return {row[0]: CommentRow._make(row) for row in db.session.execute(query, values).all()}


def with_parents(rows: dict[int, CommentRow]) -> tuple[dict[int, CommentRow], dict[int, CommentRow]]:
    """Add the hidden ancestors to these rows; return the other parents separately.

    This takes at most one query for each indent, and none where the rows include all parents.
    """
    page, others, requested = dict(rows), dict[int, CommentRow](), set[int]()
    while (
        missing := {id for row in page.values() for id in (row.display_parent_id, row.parent_id) if id}
        - page.keys()
        - requested
    ):
        requested |= missing
        found = fetch_rows(select(*COLUMNS).where(Comment.id.in_(missing)))
        places = {row.display_parent_id for row in page.values()}
        page |= {row.id: row for row in found.values() if row.id in places and not row.visible}
        others |= {row.id: row for row in found.values() if row.id not in page}
    return page, others
