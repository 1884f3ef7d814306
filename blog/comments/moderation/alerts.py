"""Mail editors about held comments: at once, hourly or daily.

A `PendingAlert` row is written in the transaction that holds a comment, and each editor has the id of the last one
mailed: a crash loses nothing, and one process writes the mail. Comments that are decided on before are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from blog.comments.models import HELD, Comment, PendingAlert
from blog.comments.moderation.email_actions import VERBS, decision_token
from blog.comments.status_reasons import translate_status_reason
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.models import DAILY, HOURLY, IMMEDIATE, NEVER, Editor
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import mail_enabled, put_mail, wake_sender
from blog.mail.rendering import render_mail
from blog.row_limits import is_limit_reached
from blog.site.models import current_site

KIND = "held"
MAX_LISTED = 20
MAX_TEXT_LENGTH = 2000

# holds within it share a mail, and so do holds beyond the hourly limit
MIN_INTERVAL = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ALERT_LIMIT = 6, HOUR
MORNING_HOUR = 7

NEWEST_HOLD_ID = select(func.coalesce(func.max(PendingAlert.id), 0)).scalar_subquery()


@dataclass(frozen=True)
class AlertItem:
    """Represent one held comment in an alert, with its action links."""

    comment: Comment
    name: str
    website: str
    under: str
    reason: str
    text: str
    links: list[tuple[str, str]]


def alert_choices() -> dict[str, str]:
    """Return the choices of an editor and their labels."""
    return {
        IMMEDIATE: _("At once, for each response"),
        HOURLY: _("Once an hour"),
        DAILY: _("Once a day, at %(hour)d in the morning", hour=MORNING_HOUR),
        NEVER: _("Never"),
    }


def set_alert_choice(editor: Editor, choice: str) -> None:
    """Set when an editor is alerted.

    Holds made while alerts were off are never sent.
    """
    with writing(affects="nothing"):
        chosen = db.session.get_one(Editor, editor.id)
        if chosen.held_mail == NEVER:
            chosen.last_alerted_hold_id = db.session.scalar(select(NEWEST_HOLD_ID)) or 0
        if chosen.held_mail != choice:
            chosen.held_mail, chosen.last_alerted_at = choice, now()


def alert_editors(at: datetime | None = None) -> int:
    """Write the alerts that are due; return how many."""
    if not mail_enabled():
        return 0
    at = at or now()
    query = select(Editor.id).where(Editor.held_mail != NEVER, Editor.last_alerted_hold_id < NEWEST_HOLD_ID)
    editors = list(db.session.scalars(query))
    written = sum(_alert_editor(editor_id, at) for editor_id in editors)
    db.session.rollback()
    if written:
        wake_sender()
    return written


def _alert_editor(editor_id: int, at: datetime) -> bool:
    editor = db.session.get(Editor, editor_id, populate_existing=True)
    if editor is None or not _is_due(editor, at):
        return False
    before, newest = (editor.last_alerted_hold_id, editor.held_mail), db.session.scalar(select(NEWEST_HOLD_ID)) or 0
    total = db.session.scalar(select(func.count()).select_from(_held_since(before[0]).subquery())) or 0
    listed = list(db.session.scalars(_held_since(before[0]).order_by(Comment.id).limit(MAX_LISTED)))
    versions = {comment.id: comment.version for comment in listed}
    content = _render_alert(editor, listed, total) if listed else None
    with writing(affects="nothing"):
        locked = db.session.get(Editor, editor_id)
        if (
            locked is None
            or (locked.last_alerted_hold_id, locked.held_mail) != before
            or _held_versions(versions) != versions
        ):
            return False  # another process or an editor was faster; the next call finds the rest
        locked.last_alerted_hold_id = newest
        if content:
            locked.last_alerted_at = at
            put_mail(locked.email, *content, KIND)
    return content is not None


def _held_since(hold_id: int) -> Select[Comment]:
    """Select comments that were held after this hold and still are."""
    since = select(PendingAlert.comment_id).where(PendingAlert.id > hold_id)
    return select(Comment).where(Comment.id.in_(since), Comment.status == HELD)


def _held_versions(ids: dict[int, int]) -> dict[int, int]:
    query = select(Comment.id, Comment.version).where(Comment.id.in_(ids), Comment.status == HELD)
    return {row.id: row.version for row in db.session.execute(query)}


def _is_due(editor: Editor, at: datetime) -> bool:
    """Return whether this editor may be alerted now.

    No alert is written while another one to the same editor is unsent.
    """
    if at < _next_alert_at(editor, at):
        return False
    alerts = Mail.kind == KIND, Mail.recipient == editor.email
    unsent = select(Mail.id).where(*alerts, Mail.due_at.is_not(None)).limit(1)
    return db.session.scalar(unsent) is None and not is_limit_reached(Mail.created_at, [ALERT_LIMIT], at, *alerts)


def _next_alert_at(editor: Editor, at: datetime) -> datetime:
    """Return when the next alert is due.

    A last alert in the future comes from a clock that was set back: it delays nothing.
    """
    last = editor.last_alerted_at
    if last is None or last > at:
        return at
    if editor.held_mail == DAILY:
        local = last.astimezone(current_site().zone)
        morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
        return morning if morning > local else morning + timedelta(days=1)
    return last + (HOUR if editor.held_mail == HOURLY else MIN_INTERVAL)


def _render_alert(editor: Editor, listed: list[Comment], total: int) -> tuple[str, str, str]:
    items = [_alert_item(comment, editor) for comment in listed]
    return render_mail("held_comments", shown=items, total=total, more=total - len(items), to=editor)


def _alert_item(comment: Comment, editor: Editor) -> AlertItem:
    text = comment.body.strip()
    words = {
        audit_log.APPROVE: _("Approve"),
        audit_log.SPAM: _("Spam"),
        audit_log.REMOVE: _("Remove"),
        audit_log.BAN: _("Ban"),
    }
    return AlertItem(
        comment=comment,
        name=one_line(comment.name),
        website=one_line(comment.website),
        under=one_line(comment.post.headline),
        reason=one_line(translate_status_reason(comment.status_reason)),
        text=text if len(text) <= MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH].rstrip() + " …",
        links=[(words[verb], f"/mail/decisions/{decision_token(editor, comment, verb)}") for verb in VERBS],
    )
