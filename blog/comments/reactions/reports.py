"""Reporting a response: after some reports it waits for an editor, with what the readers said."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from flask_babel import ngettext
from sqlalchemy import select

from blog.comments.changes import announce, apply_change, audit_label, hold_by_rule
from blog.comments.identity import Voice
from blog.comments.models import Comment, Report
from blog.comments.reactions.agreements import visible_comment
from blog.comments.screening.rules import MAX_REASON_LENGTH
from blog.db import db, writing
from blog.editors.audit_log import REPORT, record
from blog.site.models import current_site


def report(post_id: int, comment_id: int, voice: Voice, reason: str) -> bool:
    """Take down that this reader reports the comment, and hold it where enough do; NoSuchComment.

    False where it was reported before by this reader, or from this address.
    """
    with writing():
        comment = visible_comment(post_id, comment_id)
        if voice.find(comment, Report) or voice.find_at_address(comment, Report):
            return False
        keys = {"reader_key": voice.reader_key, "address_key": voice.address_key}
        db.session.add(Report(comment_id=comment.id, reason=reason, **keys))
        held = _hold_where_enough(comment)
    if held:
        announce(comment)
    return True


def reports_on(comments: Collection[Comment]) -> dict[int, list[Report]]:
    """What was reported of each of these, the first first."""
    found: dict[int, list[Report]] = {}
    of_these = select(Report).where(Report.comment_id.in_([comment.id for comment in comments]))
    for one in db.session.scalars(of_these.order_by(Report.id)):
        found.setdefault(one.comment_id, []).append(one)
    return found


def _hold_where_enough(comment: Comment) -> bool:
    db.session.flush()
    # what came before an editor's last decision was decided on with it
    recent = select(Report.reason).where(Report.comment_id == comment.id, Report.created_at > comment.status_at)
    reasons = list(db.session.scalars(recent.order_by(Report.id)))
    enough = current_site().reports_to_hold
    if not enough or len(reasons) < enough or comment.editor_id is not None:
        return False
    why = _said(reasons)
    apply_change(comment, partial(hold_by_rule, comment, why))
    record(None, REPORT, comment_id=comment.id, subject=audit_label(comment), reason=why)
    return True


def _said(reasons: list[str]) -> str:
    """How many there are, and each thing that was said once."""
    count = ngettext("reported by %(num)d reader", "reported by %(num)d readers", len(reasons))
    given = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    said = f"{count}: {given}" if given else str(count)
    return said if len(said) <= MAX_REASON_LENGTH else said[: MAX_REASON_LENGTH - 1] + "…"
