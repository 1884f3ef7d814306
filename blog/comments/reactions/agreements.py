"""Count agreements with comments, a reaction like a vote or "like"."""

from __future__ import annotations

from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from blog.comments.changes import changing_threads
from blog.comments.identity import Visitor
from blog.comments.models import Agreement, Comment, Report
from blog.comments.refusals import NoSuchComment, Refused
from blog.db import db
from blog.posts.models import visible_post
from blog.site.models import current_site

Reaction = TypeVar("Reaction", Agreement, Report)


def agree(post_id: int, comment_id: int, visitor: Visitor) -> Comment:
    """Count one vote for the comment. Raises Refused or NoSuchComment."""
    with changing_threads() as change:
        comment = require_agreeable_comment(post_id, comment_id, visitor)
        if find_reaction(visitor, comment, Agreement):
            return comment
        if find_reaction_at_address(visitor, comment, Agreement):
            raise Refused(_("Somebody at your network address agrees already. Each address counts once."), 409)
        keys = {"reader_key": visitor.reader_key, "address_key": visitor.address_key}
        db.session.add(Agreement(comment_id=comment.id, version=change.version_of(post_id), **keys))
        change.recount_agreements(comment)
    return comment


def withdraw_agreement(post_id: int, comment_id: int, visitor: Visitor) -> Comment:
    """Delete this reader's vote, if any. Raises Refused or NoSuchComment."""
    with changing_threads() as change:
        comment = require_agreeable_comment(post_id, comment_id, visitor)
        if agreement := find_reaction(visitor, comment, Agreement):
            db.session.delete(agreement)
            change.recount_agreements(comment)
    return comment


def require_agreeable_comment(post_id: int, comment_id: int, visitor: Visitor) -> Comment:
    """Return the comment, or raise Refused or NoSuchComment."""
    if not current_site().agreeing:
        raise Refused(_("Agreeing is turned off on this blog."), 404)
    comment = require_visible_comment(post_id, comment_id)
    if visitor.is_author(comment):
        raise Refused(_("You cannot agree with your own response."), 409)
    return comment


def require_visible_comment(post_id: int, comment_id: int) -> Comment:
    """Return the comment if readers can see it, or raise NoSuchComment."""
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id or not comment.visible:
        raise NoSuchComment
    return comment


def find_reaction(visitor: Visitor, comment: Comment, record: type[Reaction]) -> Reaction | None:
    """Return this reader's agreement with a comment, or report of it."""
    return _find(record, comment, record.reader_key == visitor.reader_key) if visitor.reader_key else None


def find_reaction_at_address(visitor: Visitor, comment: Comment, record: type[Reaction]) -> Reaction | None:
    """Return the agreement or report of anybody at this address."""
    return _find(record, comment, record.address_key == visitor.address_key)


def _find(record: type[Reaction], comment: Comment, by: ColumnElement[bool]) -> Reaction | None:
    return db.session.scalars(select(record).where(record.comment_id == comment.id, by)).one_or_none()
