"""Undoing what an editor did, for ten minutes: everything of one action, as it stood before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.comments.changes import announce_all, changing
from blog.comments.models import Comment
from blog.comments.moderation.bans import undo_ban, undo_unban
from blog.comments.moderation.decisions import comment_at, state_snapshot
from blog.comments.screening.lessons import learn
from blog.db import db, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, can_undo, entries_of_action, mark_undone, record
from blog.editors.models import AuditEntry, Editor
from blog.web.i18n import state_word


class NoSuchEntry(Exception):
    """There is no entry of this number in the audit log."""


class NotUndone(Exception):
    """Why nothing was changed, in one sentence; `entries` is the action that still stands."""

    def __init__(self, sentence: str, entries: list[AuditEntry]) -> None:
        super().__init__(sentence)
        self.sentence, self.entries = sentence, entries


@dataclass
class Reversal:
    """What was put back: the comments that changed by it, and how many parts of the action stay as they are."""

    entry: AuditEntry
    comments: list[Comment] = field(default_factory=list)
    stayed: int = 0

    @property
    def sentence(self) -> str:
        if not self.stayed:
            return str(_("Undone: it stands as before."))
        sentence = ngettext(
            "Undone, but for one that had changed since.",
            "Undone, but for %(num)d that had changed since.",
            self.stayed,
        )
        return str(sentence)


def undo(entry_id: int, editor: Editor) -> Reversal:
    """Undo the whole action that this entry belongs to; NoSuchEntry, or NotUndone where nothing of it can be."""
    with writing():
        entry = db.session.get(AuditEntry, entry_id, populate_existing=True)
        if entry is None:
            raise NoSuchEntry
        parts, done = entries_of_action(entry), Reversal(entry)
        if not can_undo(entry):
            raise NotUndone(_too_late(entry), parts)
        undone = [part for part in parts if REVERSED[part.verb](part, editor, done)]
        if not undone:
            raise NotUndone(_("This has changed since, so it cannot be undone; nothing was changed."), parts)
        mark_undone(undone)
        done.stayed = len(parts) - len(undone)
        for part in undone:
            what = AuditDetails(comment_id=part.comment_id, subject=part.subject, reason=part.verb)
            record(editor, audit_log.REVERSE, **what)
        for comment in done.comments:
            learn(comment)
    announce_all(done.comments)
    return done


def previous_state(entry: AuditEntry) -> str:
    """What stood before an entry, in words; "" where there is nothing to say."""
    if REVERSED.get(entry.verb) is not _restore:
        return entry.before if entry.verb not in REVERSED else ""
    if not entry.before:  # forgotten
        return ""
    before = json.loads(entry.before)
    return f"{state_word(before['status'])} ({before['reason']})" if before["reason"] else state_word(before["status"])


def _too_late(entry: AuditEntry) -> str:
    if entry.undone_at:
        return str(_("This has been undone already."))
    return str(_("This can be undone for ten minutes only, which are over. Decide anew instead."))


def _restore(part: AuditEntry, _editor: Editor, done: Reversal) -> bool:
    comment = comment_at(part.comment_id or 0)
    if comment is None or state_snapshot(comment) != part.after:
        return False
    before = json.loads(part.before)
    at = datetime.fromisoformat(before["at"])
    changing(comment, partial(comment.restore_status, before["status"], before["reason"], at))
    done.comments.append(comment)
    return True


def _withdraw(part: AuditEntry, editor: Editor, done: Reversal) -> bool:
    """The editor's answer goes; what it answered is another part of the action, if it was approved with it."""
    number, _blank, after = part.after.partition(" ")
    answer = comment_at(int(number))
    if answer is None or state_snapshot(answer) != after:
        return False
    changing(answer, partial(answer.remove, _("removed by %(name)s", name=editor.name)))
    done.comments.append(answer)
    if part.comment_id and (comment := comment_at(part.comment_id)):
        done.comments.append(comment)
    return True


REVERSED: dict[str, Callable[[AuditEntry, Editor, Reversal], bool]] = {
    audit_log.APPROVE: _restore,
    audit_log.HOLD: _restore,
    audit_log.SPAM: _restore,
    audit_log.REMOVE: _restore,
    audit_log.ANSWER: _withdraw,
    audit_log.BAN: lambda part, _editor, _done: undo_ban(part.after),
    audit_log.UNBAN: lambda part, _editor, _done: undo_unban(part.before),
}
