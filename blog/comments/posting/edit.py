"""Let authors edit or withdraw their comments for some minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import or_, select

from blog.comments.changes import audit_label, changing_threads
from blog.comments.identity import Visitor
from blog.comments.models import HELD, VISIBLE, Comment
from blog.comments.posting.closing import closed_because
from blog.comments.refusals import GONE, NoSuchComment, Refused, TooFast
from blog.comments.screening.rules import prepare_screening, screen
from blog.comments.screening.submission import Submission
from blog.db import db, now
from blog.editors.audit_log import EDIT, WITHDRAW, record
from blog.posts.models import Post, visible_post
from blog.site.models import current_site
from blog.stored_messages import Message, load_messages, message

MAX_LISTED = 50
MIN_EDIT_INTERVAL = timedelta(seconds=5)


def edit_comment(post_id: int, comment_id: int, visitor: Visitor, body: str, throttled: bool = True) -> Comment:
    """Change a comment's text; clean and screen it again.

    The audit log keeps the old text. `throttled` limits changes, since each goes out to everybody on the page.

    Raises: Refused with a sentence for the author, NoSuchComment.
    """
    return _change(post_id, comment_id, visitor, {"body": body}, throttled)


def change_identity(comment: Comment, submission: Submission, visitor: Visitor, throttled: bool) -> Comment:
    """Correct name, e-mail and website of a comment that is sent again with others.

    The text is the same, so it is no second comment. Once the time for edits is over, the first ones stay.

    Raises: TooFast.
    """
    if submission.has_identity_of(comment):
        return comment
    try:
        return _change(comment.post_id, comment.id, visitor, submission.identity, throttled)
    except TooFast:
        raise
    except (Refused, NoSuchComment):
        return comment


def _change(post_id: int, comment_id: int, visitor: Visitor, columns: dict[str, str], throttled: bool) -> Comment:
    comment = _load_for_edit(post_id, comment_id, visitor, columns, throttled)
    if _has(comment, columns):
        return comment
    submission = Submission.of(comment, **columns)
    prepare_screening(submission)
    with changing_threads() as change:
        comment = _load_for_edit(post_id, comment_id, visitor, columns, throttled)
        if _has(comment, columns):
            return comment
        verdict = screen(submission, comment.post, timed=False)
        _record_change(comment, EDIT, submission.body)
        for column, value in columns.items():
            setattr(comment, column, value)
        comment.body_html, comment.edited_at = submission.html, now()
        comment.filter_score, comment.filter_signs = verdict.filter_score, verdict.filter_signs
        change.set_domains(comment, submission.domains)
        if verdict.reasons:
            change.hold_by_rule(comment, _add_reasons(comment, verdict.reasons))
        elif comment.status == HELD:
            change.alert_editors(comment)  # its text is new
    return comment


def _add_reasons(comment: Comment, reasons: Iterable[Message]) -> list[Message]:
    """Return the reasons why a comment was held before, and the new ones."""
    if comment.status != HELD:
        return list(reasons)
    known = load_messages(comment.status_reason)
    if known is None:  # a sentence of an earlier release
        known = [message("note", text=comment.status_reason)]
    return known + [reason for reason in reasons if reason not in known]


def _has(comment: Comment, columns: dict[str, str]) -> bool:
    return all(getattr(comment, column) == value for column, value in columns.items())


def _load_for_edit(
    post_id: int, comment_id: int, visitor: Visitor, columns: dict[str, str], throttled: bool
) -> Comment:
    """Load an editable comment; throttle edits in quick succession."""
    comment = load_editable(post_id, comment_id, visitor)
    if throttled and not _has(comment, columns) and (wait := seconds_until_next_edit(comment)):
        raise TooFast(wait)
    return comment


def withdraw_comment(post_id: int, comment_id: int, visitor: Visitor) -> Comment:
    """Remove a comment for its author; a placeholder stays above its replies.

    Raises: Refused, NoSuchComment.
    """
    with changing_threads():
        comment = load_editable(post_id, comment_id, visitor)
        _record_change(comment, WITHDRAW, "")
        comment.remove(message("removed_by_writer"))
    return comment


def load_editable(post_id: int, comment_id: int, visitor: Visitor) -> Comment:
    """Load a comment that this person may edit or withdraw now.

    To others a hidden comment looks as if it did not exist.

    Raises: Refused, NoSuchComment.
    """
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id:
        raise NoSuchComment
    if not visitor.may_edit(comment):
        if comment.visible:
            raise Refused(_("You did not post this response from this browser, so you cannot edit it here."), 403)
        raise NoSuchComment
    if comment.status not in {VISIBLE, HELD}:
        raise Refused(str(GONE), 410)
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


def comments_by(post: Post, visitor: Visitor, *states: str) -> list[Comment]:
    """Return this person's newest comments on a post, in the given states.

    Without states, the visible and the held ones.
    """
    if visitor.reader_key is None:
        return []
    mine = select(Comment).where(Comment.post_id == post.id, Comment.reader_key == visitor.reader_key)
    mine = mine.where(or_(Comment.editor_id.is_(None), Comment.editor_id == visitor.editor_id))
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


def _record_change(comment: Comment, verb: str, after: str) -> None:
    """Record a change, with the old text, in the audit log."""
    record(None, verb, comment_id=comment.id, subject=audit_label(comment), before=comment.body, after=after)
