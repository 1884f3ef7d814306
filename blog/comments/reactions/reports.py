"""Report a comment to the editors. Enough reports hold it for approval."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from flask_babel import ngettext
from sqlalchemy import select

from blog.comments.changes import announce, audit_label, changing, hold_by_rule
from blog.comments.identity import Voice
from blog.comments.models import Comment, Report
from blog.comments.reactions.agreements import require_visible_comment
from blog.comments.screening.rules import REASON_LENGTH
from blog.db import db, writing
from blog.editors.audit_log import REPORT, record
from blog.site.models import current_site


def report(post_id: int, comment_id: int, voice: Voice, reason: str) -> bool:
    """Store this reader's report; hold the comment if there are enough.

    Returns False if this reader or network address reported it before. Raises: NoSuchComment.
    """
    with writing():
        comment = require_visible_comment(post_id, comment_id)
        if voice.on(comment, Report) or voice.beside(comment, Report):
            return False
        keys = {"reader_key": voice.reader_key, "address_key": voice.address_key}
        db.session.add(Report(comment_id=comment.id, reason=reason, **keys))
        held = _hold_if_enough(comment)
    if held:
        announce(comment)
    return True


def reports_on(comments: Collection[Comment]) -> dict[int, list[Report]]:
    """Return the reports of these comments by comment id, oldest first."""
    reports: dict[int, list[Report]] = {}
    query = select(Report).where(Report.comment_id.in_([comment.id for comment in comments]))
    for one in db.session.scalars(query.order_by(Report.id)):
        reports.setdefault(one.comment_id, []).append(one)
    return reports


def _hold_if_enough(comment: Comment) -> bool:
    db.session.flush()
    # an editor's last decision covers the reports before it
    recent = select(Report.reason).where(Report.comment_id == comment.id, Report.created_at > comment.status_at)
    reasons = list(db.session.scalars(recent.order_by(Report.id)))
    enough = current_site().reports_to_hold
    if not enough or len(reasons) < enough or comment.editor_id is not None:
        return False
    summary = _summarize(reasons)
    changing(comment, partial(hold_by_rule, comment, summary))
    record(None, REPORT, comment_id=comment.id, subject=audit_label(comment), reason=summary)
    return True


def _summarize(reasons: list[str]) -> str:
    """Return the number of reports, and each distinct reason once."""
    count = ngettext("reported by %(num)d reader", "reported by %(num)d readers", len(reasons))
    distinct = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    summary = f"{count}: {distinct}" if distinct else str(count)
    return summary if len(summary) <= REASON_LENGTH else summary[: REASON_LENGTH - 1] + "…"
