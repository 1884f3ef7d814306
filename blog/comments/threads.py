"""The thread under a post, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from flask import render_template
from markupsafe import Markup
from sqlalchemy import select

from blog.comments.models import VISIBLE, Comment
from blog.db import db
from blog.posts.models import Post


class Shown(NamedTuple):
    """What a page needs of a comment: a row, since a thread may have thousands."""

    id: int
    post_id: int
    parent_id: int | None
    branch_id: int | None
    version: int
    status: str
    created_at: datetime
    name: str
    website: str
    body_html: str
    anchor: str | None

    @property
    def visible(self) -> bool:
        return self.status == VISIBLE

    @property
    def position(self) -> int:
        """As Comment's: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)


row_of = attrgetter(*Shown._fields)
COLUMNS = [getattr(Comment, name) for name in Shown._fields]
# stands where the replies go while a comment is rendered alone
PLACE = "\0"


@dataclass
class Branch:
    """A comment with the branches that stand under it. A hidden comment keeps its place without its
    content while something visible stands under it; `gone` says that nothing does.
    """

    comment: Comment | Shown
    answers: Comment | Shown | None = None
    branches: list[Branch] = field(default_factory=list)
    gone: bool = False

    def html(self, language: str, zone: str) -> Markup:
        """The whole branch; each comment is rendered anew only when something that it shows has changed."""
        before, after = _around_replies(self.comment, self.answers, self.gone, language, zone)
        return Markup(before + "".join(branch.html(language, zone) for branch in self.branches) + after)  # noqa: S704


@lru_cache(maxsize=2048)
def _around_replies(
    comment: Comment | Shown, answers: Comment | Shown | None, gone: bool, _language: str, _zone: str
) -> tuple[str, str]:
    branch = Branch(comment, answers, gone=gone)
    before, _, after = render_template("comments/_comment.html", branch=branch, replies=PLACE).rpartition(PLACE)
    return before, after


def thread_of(post: Post) -> list[Branch]:
    """The whole thread, oldest first, nested by branch: one query, and one a step for hidden comments in between."""
    rows = db.session.execute(Comment.visible_on(post).with_only_columns(*COLUMNS))
    places = with_places(Shown(*row) for row in rows)
    return nest({number: Shown(*row_of(comment)) for number, comment in places.items()})


def with_places(comments: Iterable[Comment | Shown]) -> dict[int, Any]:
    """The comments by id, with every comment that they stand under, whatever its state, and answer to."""
    found = {comment.id: comment for comment in comments}
    while wanted := {c.branch_id for c in found.values() if c.branch_id} - found.keys():
        places = db.session.scalars(select(Comment).where(Comment.id.in_(wanted)))
        found.update((comment.id, comment) for comment in places)
    return found


def nest(comments: dict[int, Comment | Shown]) -> list[Branch]:
    branches = {
        comment.id: Branch(comment, answered(comment, comments))
        for comment in sorted(comments.values(), key=lambda c: (c.created_at, c.id))
    }
    top: list[Branch] = []
    for branch in branches.values():
        place = branch.comment.branch_id
        (branches[place].branches if place else top).append(branch)
    return top


def answered(comment: Comment | Shown, comments: dict[int, Comment | Shown]) -> Comment | Shown | None:
    """Whom a comment below the last step answers, since its place does not show it."""
    if comment.parent_id == comment.branch_id or comment.parent_id is None:
        return None
    parent = comments.get(comment.parent_id) or db.session.get(Comment, comment.parent_id)
    return parent if parent and parent.visible else None
