"""The thread under a post, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.posts.models import Post


@dataclass
class Branch:
    """A comment with the branches that stand under it. A hidden comment keeps its place without its
    content while something visible stands under it; `gone` says that nothing does.
    """

    comment: Comment
    answers: Comment | None = None
    branches: list[Branch] = field(default_factory=list)
    gone: bool = False


def thread_of(post: Post) -> list[Branch]:
    """The whole thread, oldest first, nested by branch: one query, and one a step for hidden comments in between."""
    return nest(with_places(db.session.scalars(Comment.visible_on(post))))


def with_places(comments: Iterable[Comment]) -> dict[int, Comment]:
    """The comments by id, with every comment that they stand under, whatever its state, and answer to."""
    found = {comment.id: comment for comment in comments}
    while wanted := {c.branch_id for c in found.values() if c.branch_id} - found.keys():
        places = db.session.scalars(select(Comment).where(Comment.id.in_(wanted)))
        found.update((comment.id, comment) for comment in places)
    return found


def nest(comments: dict[int, Comment]) -> list[Branch]:
    branches = {
        comment.id: Branch(comment, answered(comment, comments))
        for comment in sorted(comments.values(), key=lambda c: (c.created_at, c.id))
    }
    top: list[Branch] = []
    for branch in branches.values():
        place = branch.comment.branch_id
        (branches[place].branches if place else top).append(branch)
    return top


def answered(comment: Comment, comments: dict[int, Comment]) -> Comment | None:
    """Whom a comment below the last step answers, since its place does not show it."""
    if comment.parent_id == comment.branch_id or comment.parent_id is None:
        return None
    parent = comments.get(comment.parent_id) or comment.parent
    return parent if parent and parent.visible else None
