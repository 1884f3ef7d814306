"""Telling editors by mail which responses wait: at once, or gathered for an hour or a day, as each of them chose.

What they are to be told of is written in the act that held it (`Hold`), up to where one was told in the account; so no
crash loses anything, and of several processes one writes the mail. What was decided on before is not told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from blog.comments.models import HELD, Comment, Hold
from blog.comments.moderation.email_actions import VERBS, decision_token
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.models import DAILY, HOURLY, IMMEDIATE, NEVER, Editor
from blog.mail.messages import one_line
from blog.mail.models import Mail
from blog.mail.outbox import mail_set_up, put_mail
from blog.mail.rendering import render_mail
from blog.site.models import current_site

KIND = "held"
MOST_SHOWN = 20
LONGEST = 2000

# what comes within it is one mail; and beyond so many an hour what comes is gathered
TOGETHER = timedelta(minutes=1)
MOST_AN_HOUR = 6
HOUR = timedelta(hours=1)
MORNING = 7

NEWEST = select(func.coalesce(func.max(Hold.id), 0)).scalar_subquery()


@dataclass(frozen=True)
class AlertItem:
    """A response as a mail shows it, on lines of its own whatever was typed, and the links by which it is decided."""

    comment: Comment
    name: str
    website: str
    under: str
    reason: str
    text: str
    links: list[tuple[str, str]]


def held_mail_words() -> dict[str, str]:
    """What an editor may choose."""
    return {
        IMMEDIATE: _("At once, each response that waits"),
        HOURLY: _("Once an hour, if any waits"),
        DAILY: _("Once a day at %(hour)d in the morning, if any waits", hour=MORNING),
        NEVER: _("Never"),
    }


def choose_held_mail(editor: Editor, choice: str) -> None:
    """Tell this editor like that from now on; of what came while nothing was to be told, nothing is."""
    with writing():
        chosen = db.session.get_one(Editor, editor.id)
        if chosen.held_mail == NEVER:
            chosen.last_alerted_hold_id = db.session.scalar(select(NEWEST)) or 0
        if chosen.held_mail != choice:
            chosen.held_mail, chosen.last_alerted_at = choice, now()


def alert_editors(at: datetime | None = None) -> int:
    """Write a mail to each editor for whom something new waits and whose time has come; how many there were."""
    if not mail_set_up():
        return 0
    at = at or now()
    untold = select(Editor.id).where(Editor.held_mail != NEVER, Editor.last_alerted_hold_id < NEWEST)
    editors = list(db.session.scalars(untold))
    written = sum(_tell(editor_id, at) for editor_id in editors)
    db.session.rollback()
    return written


def _tell(editor_id: int, at: datetime) -> bool:
    editor = db.session.get(Editor, editor_id, populate_existing=True)
    if editor is None or not _due(editor, at):
        return False
    before, newest = (editor.last_alerted_hold_id, editor.held_mail), db.session.scalar(select(NEWEST)) or 0
    total = db.session.scalar(select(func.count()).select_from(_waiting(before[0]).subquery())) or 0
    shown = list(db.session.scalars(_waiting(before[0]).order_by(Comment.id).limit(MOST_SHOWN)))
    versions = {comment.id: comment.version for comment in shown}
    letter = _letter(editor, shown, total) if shown else None
    with writing():
        told = db.session.get(Editor, editor_id)
        if told is None or (told.last_alerted_hold_id, told.held_mail) != before or _versions(versions) != versions:
            return False  # another process was first, or an editor: whoever looks next finds what is left
        told.last_alerted_hold_id = newest
        if letter:
            told.last_alerted_at = at
            put_mail(told.email, *letter, KIND)
    return letter is not None


def _waiting(told_id: int) -> Select[Comment]:
    """What came to wait after this hold, and does still."""
    since = select(Hold.comment_id).where(Hold.id > told_id)
    return select(Comment).where(Comment.id.in_(since), Comment.status == HELD)


def _versions(ids: dict[int, int]) -> dict[int, int]:
    standing = select(Comment.id, Comment.version).where(Comment.id.in_(ids), Comment.status == HELD)
    return {row.id: row.version for row in db.session.execute(standing)}


def _due(editor: Editor, at: datetime) -> bool:
    """Whether this editor may be told now. While a mail still waits to be sent, nothing is put beside it."""
    if at < _next(editor, at):
        return False
    mine = select(func.count(Mail.id)).where(Mail.kind == KIND, Mail.recipient == editor.email)
    unsent = db.session.scalar(mine.where(Mail.due_at.is_not(None)))
    lately = db.session.scalar(mine.where(Mail.created_at.between(at - HOUR, at)))
    return not unsent and (lately or 0) < MOST_AN_HOUR


def _next(editor: Editor, at: datetime) -> datetime:
    """When this editor is told next. A time that lies ahead, since a clock was set back, holds nobody up."""
    last = editor.last_alerted_at
    if last is None or last > at:
        return at
    if editor.held_mail == DAILY:
        local = last.astimezone(current_site().zone)
        morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        return morning if morning > local else morning + timedelta(days=1)
    return last + (HOUR if editor.held_mail == HOURLY else TOGETHER)


def _letter(editor: Editor, shown: list[Comment], total: int) -> tuple[str, str, str]:
    told = [_told(comment, editor) for comment in shown]
    return render_mail("held", shown=told, total=total, more=total - len(told), to=editor)


def _told(comment: Comment, editor: Editor) -> AlertItem:
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
        reason=one_line(comment.status_reason),
        text=text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …",
        links=[(words[verb], f"/mail/decisions/{decision_token(editor, comment, verb)}") for verb in VERBS],
    )
