"""Let authors edit or withdraw their comments for some minutes."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import or_, select

from blog.comments.changes import announce, apply_change, audit_label, hold_by_rule
from blog.comments.identity import Writer
from blog.comments.models import HELD, VISIBLE, Comment, PendingAlert
from blog.comments.posting.closing import closed_because
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.screening import link_domains
from blog.comments.screening.lessons import learn
from blog.comments.screening.rules import MAX_REASON_LENGTH, Evidence, collect_evidence, find_hold_reasons
from blog.db import db, now, writing
from blog.editors.audit_log import EDIT, WITHDRAW, record
from blog.html import comment_html
from blog.posts.models import Post, visible_post
from blog.site.models import current_site

MAX_LISTED = 50
MIN_EDIT_INTERVAL = timedelta(seconds=5)


def edit_comment(post_id: int, comment_id: int, writer: Writer, body: str, paced: bool = True) -> Comment:
    """Change a comment's text; clean and screen it again.

    The audit log keeps the old text. `paced` throttles changes, since each goes out to everybody on the page.

    Raises: Refused with a sentence for the author, NoSuchComment.
    """
    comment = _load_for_edit(post_id, comment_id, writer, body, paced)
    if comment.body == body:
        return comment
    body_html = comment_html(body)
    evidence = collect_evidence(comment.name, comment.email, comment.website, body_html)
    with writing():
        comment = _load_for_edit(post_id, comment_id, writer, body, paced)
        if comment.body == body:
            return comment
        _record_change(comment, EDIT, body, _("edited by its writer"))
        apply_change(comment, lambda: _rewrite(comment, body, body_html, evidence))
        link_domains.replace_domains({comment.id: evidence.domains})
        learn(comment)
    announce(comment)
    return comment


def _load_for_edit(post_id: int, comment_id: int, writer: Writer, body: str, paced: bool) -> Comment:
    """Load an editable comment; throttle edits in quick succession."""
    comment = load_editable(post_id, comment_id, writer)
    if paced and comment.body != body and (wait := seconds_until_next_edit(comment)):
        raise Refused(
            _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait), 429, wait
        )
    return comment


def withdraw_comment(post_id: int, comment_id: int, writer: Writer) -> Comment:
    """Remove a comment for its author; a placeholder stays above its replies.

    Raises: Refused, NoSuchComment.
    """
    with writing():
        comment = load_editable(post_id, comment_id, writer)
        _record_change(comment, WITHDRAW, "", _("removed by its writer"))
        apply_change(comment, lambda: comment.remove(_("removed by its writer")))
    announce(comment)
    return comment


def load_editable(post_id: int, comment_id: int, writer: Writer) -> Comment:
    """Load a comment that this person may edit or withdraw now.

    To others a hidden comment looks as if it did not exist.

    Raises: Refused, NoSuchComment.
    """
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id:
        raise NoSuchComment
    if not writer.may_edit(comment):
        if comment.visible:
            raise Refused(_("You did not post this response from this browser, so you cannot edit it here."), 403)
        raise NoSuchComment
    if comment.status not in {VISIBLE, HELD}:
        raise Refused(_("This response is no longer here."), 410)
    if closed_because(post):
        raise Refused(_("This thread is closed. You cannot edit your response any more."), 409)
    if not edit_seconds_left(comment):
        raise Refused(_expired_sentence(current_site().edit_minutes), 403)
    return comment


def edit_seconds_left(comment: Comment) -> int:
    """Return for how many seconds the author may still edit the comment."""
    allowed = timedelta(minutes=current_site().edit_minutes)
    # abs(): after a clock was set back, a time in the future must not allow edits for ever
    left = allowed - abs(now() - comment.created_at)
    return max(0, ceil(left.total_seconds()))


def seconds_until_next_edit(comment: Comment) -> int:
    """Return how long the author must wait before the next edit."""
    passed = now() - comment.edited_at if comment.edited_at else MIN_EDIT_INTERVAL
    return ceil((MIN_EDIT_INTERVAL - passed).total_seconds()) if timedelta(0) <= passed < MIN_EDIT_INTERVAL else 0


def comments_by(post: Post, writer: Writer, *states: str) -> list[Comment]:
    """Return this person's newest comments on a post, in the given states.

    Without states, the visible and the held ones.
    """
    if writer.key is None:
        return []
    mine = select(Comment).where(Comment.post_id == post.id, Comment.reader_key == writer.key)
    mine = mine.where(or_(Comment.editor_id.is_(None), Comment.editor_id == writer.editor_id))
    mine = mine.where(Comment.status.in_(states or (VISIBLE, HELD)))
    return list(db.session.scalars(mine.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(MAX_LISTED)))


def _expired_sentence(minutes: int) -> str:
    if not minutes:
        return str(_("You cannot edit a response after you post it."))
    return str(
        ngettext(
            "You could edit this response for %(num)d minute. That time is over.",
            "You could edit this response for %(num)d minutes. That time is over.",
            minutes,
        )
    )


def _rewrite(comment: Comment, body: str, body_html: str, evidence: Evidence) -> None:
    """Store the new text; hold the comment if a rule matches.

    A held comment stays held, and the editors are alerted again since its text is new.
    """
    comment.body, comment.body_html, comment.edited_at = body, body_html, now()
    if reason := find_hold_reasons(comment, comment.post, evidence, paced=False):
        known = comment.status_reason.split("; ") if comment.status == HELD else []
        hold_by_rule(comment, "; ".join(dict.fromkeys([*known, *reason.split("; ")]))[:MAX_REASON_LENGTH])
    elif comment.status == HELD:
        db.session.add(PendingAlert(comment=comment))


def _record_change(comment: Comment, verb: str, after: str, reason: str) -> None:
    """Record a change, with the old text, in the audit log."""
    details = {"subject": audit_label(comment), "before": comment.body, "after": after, "reason": reason}
    record(None, verb, comment_id=comment.id, **details)
