"""Report a comment to the editors. Enough reports hold it for approval."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from blog.comments.changes import ThreadChange, audit_label, changing_threads
from blog.comments.identity import Visitor
from blog.comments.models import Comment, Report
from blog.comments.reactions.agreements import find_reaction, find_reaction_at_address, require_visible_comment
from blog.db import db
from blog.editors.audit_log import REPORT, record
from blog.site.models import current_site
from blog.stored_messages import Message, message

# distinct reasons of readers among the reasons to hold
MAX_SHOWN = 5


def report(post_id: int, comment_id: int, visitor: Visitor, reason: str) -> bool:
    """Store this reader's report; hold the comment if there are enough.

    Returns False if this reader or network address reported it before. Raises: NoSuchComment.
    """
    with changing_threads() as change:
        comment = require_visible_comment(post_id, comment_id)
        if find_reaction(visitor, comment, Report) or find_reaction_at_address(visitor, comment, Report):
            return False
        keys = {"reader_key": visitor.reader_key, "address_key": visitor.address_key}
        db.session.add(Report(comment_id=comment.id, reason=reason, **keys))
        _hold_if_enough(comment, change)
    return True


def reports_on(comments: Collection[Comment]) -> dict[int, list[Report]]:
    """Return the reports of these comments by comment id, oldest first."""
    reports: dict[int, list[Report]] = {}
    query = select(Report).where(Report.comment_id.in_([comment.id for comment in comments]))
    for one in db.session.scalars(query.order_by(Report.id)):
        reports.setdefault(one.comment_id, []).append(one)
    return reports


def _hold_if_enough(comment: Comment, change: ThreadChange) -> None:
    db.session.flush()
    # an editor's last decision covers the reports before it
    recent = select(Report.reason).where(Report.comment_id == comment.id, Report.created_at > comment.status_at)
    reasons = list(db.session.scalars(recent.order_by(Report.id)))
    enough = current_site().reports_to_hold
    if enough and len(reasons) >= enough and comment.editor_id is None:
        summary = _summarize(reasons)
        change.hold_by_rule(comment, summary)
        record(None, REPORT, comment_id=comment.id, subject=audit_label(comment), reason=summary)


def _summarize(reasons: list[str]) -> list[Message]:
    """Return the number of reports, and each distinct reason once."""
    distinct = [message("note", text=reason) for reason in dict.fromkeys(reasons) if reason]
    return [message("reported", count=len(reasons), reasons=distinct[:MAX_SHOWN])]
