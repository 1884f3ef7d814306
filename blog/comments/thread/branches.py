"""One branch of a thread, a comment with what stands under it, and its HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import bindparam, select

from blog.comments.models import VISIBLE, Comment
from blog.db import db
from blog.site.models import Site
from blog.web.fragment_cache import CACHE_PLACEHOLDER, FragmentCache


class CommentRow(NamedTuple):
    """What a page needs of a comment: a row, since a page has hundreds."""

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
        """As Comment's: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)


class RenderOptions(NamedTuple):
    """What of the site's settings shows in a response."""

    language: str
    timezone: str
    agreeing: bool


COLUMNS = [getattr(Comment, name) for name in CommentRow._fields]
BY_TIME = attrgetter("created_at", "id")

# the HTML of some thousands of responses
responses_cached = FragmentCache(8_000_000)


@dataclass(frozen=True)
class Gap:
    """The replies of a branch that a page leaves out: those later than `position`, and earlier than `until` where
    others follow on the page (milliseconds since 1970). `address` leads to the first `size` of them. `count` is None
    where it is not known.
    """

    root_id: int
    address: str
    position: int
    until: int | None
    size: int
    count: int | None = None


@dataclass(slots=True)
class Branch:
    """A comment with the branches that stand under it. A hidden comment keeps its place without its
    content while something visible stands under it; `gone` says that nothing does.

    `answers` is the visible comment that it answers, `apart` whether its place does not show that, and `nearby`
    whether that comment is on the page. A gap stands before the branch of its index; `earlier` leads to the replies
    before the first one. `total` is how many visible responses the whole branch has, where that is asked for.
    """

    comment: Comment | CommentRow
    answers: Comment | CommentRow | None = None
    apart: bool = False
    nearby: bool = False
    gone: bool = False
    branches: list[Branch] = field(default_factory=list)
    gap: tuple[int, Gap] | None = None
    earlier: str = ""
    total: int = 0

    def html(self, manners: RenderOptions) -> str:
        """The whole branch; each comment is rendered anew only when something that it shows has changed."""
        before, _, after = self._around_replies(manners).partition(CACHE_PLACEHOLDER)
        parts = [branch.html(manners) for branch in self.branches]
        if self.gap:
            parts.insert(self.gap[0], render_template("comments/_gap.html", gap=self.gap[1]))
        if self.earlier:
            parts.insert(0, render_template("comments/_earlier.html", address=self.earlier))
        return "".join([before, *parts, after])

    def _around_replies(self, manners: RenderOptions) -> str:
        # the hash stands for the row: a restored backup may bring another text under the same version
        answers = self.answers and (self.answers.id, self.answers.name, self.apart, self.nearby)
        key = (db.engine.url.database, self.comment.id, hash(self.comment), answers, *manners)
        return responses_cached.get(key, self._render).html.decode()

    def _render(self) -> str:
        return render_template("comments/_comment.html", branch=self, replies=CACHE_PLACEHOLDER)


def manners_of(site: Site) -> RenderOptions:
    return RenderOptions(site.language, site.timezone, site.agreeing)


def nest(comments: dict[int, Any], others: dict[int, Any] | None = None) -> list[Branch]:
    """The branches of these comments, oldest first; `others` are known too, but not on the page.

    A comment whose place is not on the page stands directly under the top of its branch.
    """
    known = {**comments, **(others or {})}
    branches = {comment.id: branch_of(comment, known) for comment in sorted(comments.values(), key=BY_TIME)}
    roots: list[Branch] = []
    for branch in branches.values():
        comment = branch.comment
        place = branches.get(comment.display_parent_id or 0) or branches.get(comment.root_id or 0)
        (place.branches if place else roots).append(branch)
        branch.apart = comment.parent_id != (place.comment.id if place else None)
        branch.nearby = comment.parent_id in comments
    return roots


def branch_of(comment: Comment | CommentRow, known: dict[int, Any]) -> Branch:
    """A comment by itself, with what it says of the comment that it answers."""
    parent = known.get(comment.parent_id) or db.session.get(Comment, comment.parent_id) if comment.parent_id else None
    answers = parent if parent and parent.visible else None
    return Branch(comment, answers, apart=comment.parent_id != comment.display_parent_id)


def rows_of(statement: Any, values: dict[str, Any]) -> dict[int, CommentRow]:
    """The comments that a statement over COLUMNS finds, by their ids."""
    return {row[0]: CommentRow._make(row) for row in db.session.execute(statement, values).all()}


def with_context(rows: dict[int, CommentRow]) -> tuple[dict[int, CommentRow], dict[int, CommentRow]]:
    """These rows with the hidden comments that they stand under; and the others that they answer or stand under.

    It asks the database once for each step that replies nest at most, and not at all where the rows have them all.
    """
    page, others, asked = dict(rows), dict[int, CommentRow](), set[int]()
    while (
        wanted := {id for row in page.values() for id in (row.display_parent_id, row.parent_id) if id}
        - page.keys()
        - asked
    ):
        asked |= wanted
        found = rows_of(BY_ID, {"ids": sorted(wanted)})
        places = {row.display_parent_id for row in page.values()}
        page |= {row.id: row for row in found.values() if row.id in places and not row.visible}
        others |= {row.id: row for row in found.values() if row.id not in page}
    return page, others


# built once, since building it takes longer than running it
BY_ID = select(*COLUMNS).where(Comment.id.in_(bindparam("ids", expanding=True)))
