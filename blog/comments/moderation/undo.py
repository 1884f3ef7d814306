"""Undo a whole action of an editor within ten minutes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.moderation.bans import undo_ban, undo_unban
from blog.comments.moderation.decisions import reload_comment, state_snapshot
from blog.comments.status_reasons import translate_status_reason
from blog.db import db
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, can_undo, entries_of_action, mark_undone, record
from blog.editors.models import AuditEntry, Editor
from blog.stored_messages import message
from blog.web.i18n import state_word


class NoSuchEntry(Exception):
    """Report that no audit entry has this id."""


class NotUndone(Exception):
    """Report why nothing was undone; `entries` are the action's."""

    def __init__(self, sentence: str, entries: list[AuditEntry]) -> None:
        super().__init__(sentence)
        self.sentence, self.entries = sentence, entries


@dataclass
class Reversal:
    """Hold what was undone; `skipped` counts parts that had changed."""

    entry: AuditEntry
    comments: list[Comment] = field(default_factory=list)
    skipped: int = 0

    @property
    def sentence(self) -> str:
        if not self.skipped:
            return str(_("Undone. The response is as it was before."))
        sentence = ngettext(
            "Undone, except for 1 that had changed since.",
            "Undone, but for %(num)d that had changed since.",
            self.skipped,
        )
        return str(sentence)


def undo(entry_id: int, editor: Editor) -> Reversal:
    """Undo the whole action of an audit entry.

    Raises: NoSuchEntry; NotUndone if nothing of it can be undone.
    """
    with changing_threads():
        entry = db.session.get(AuditEntry, entry_id, populate_existing=True)
        if entry is None:
            raise NoSuchEntry
        parts, done = entries_of_action(entry), Reversal(entry)
        if not can_undo(entry):
            raise NotUndone(_explain_refusal(entry), parts)
        undone = [part for part in parts if UNDO_ACTIONS[part.verb](part, editor, done)]
        if not undone:
            raise NotUndone(_("The response has changed since, so this cannot be undone. Nothing was changed."), parts)
        mark_undone(undone)
        done.skipped = len(parts) - len(undone)
        for part in undone:
            what = AuditDetails(comment_id=part.comment_id, subject=part.subject, reason=[message(part.verb)])
            record(editor, audit_log.REVERSE, **what)
    return done


def previous_state(entry: AuditEntry) -> str:
    """Return the state before an entry, as a label, or ""."""
    if UNDO_ACTIONS.get(entry.verb) is not _restore:
        return entry.before if entry.verb not in UNDO_ACTIONS else ""
    if not entry.before:  # forgotten
        return ""
    before = json.loads(entry.before)
    state, reason = state_word(before["status"]), translate_status_reason(before["reason"])
    return f"{state} ({reason})" if reason else state


def _explain_refusal(entry: AuditEntry) -> str:
    if entry.undone_at:
        return str(_("This was already undone."))
    return str(_("The ten minutes for undoing are over. Decide again instead."))


def _restore(part: AuditEntry, _editor: Editor, done: Reversal) -> bool:
    comment = reload_comment(part.comment_id or 0)
    if comment is None or state_snapshot(comment) != part.after:
        return False
    before = json.loads(part.before)
    at = datetime.fromisoformat(before["at"])
    comment.restore_status(before["status"], before["reason"], at)
    done.comments.append(comment)
    return True


def _remove_reply(part: AuditEntry, editor: Editor, done: Reversal) -> bool:
    """Remove an editor's reply.

    A comment that was approved with it is restored by its own entry.
    """
    number, _blank, after = part.after.partition(" ")
    reply = reload_comment(int(number))
    if reply is None or state_snapshot(reply) != after:
        return False
    reply.remove(message("removed_by", name=editor.name))
    done.comments.append(reply)
    if part.comment_id and (comment := reload_comment(part.comment_id)):
        done.comments.append(comment)
    return True


UNDO_ACTIONS: dict[str, Callable[[AuditEntry, Editor, Reversal], bool]] = {
    audit_log.APPROVE: _restore,
    audit_log.HOLD: _restore,
    audit_log.SPAM: _restore,
    audit_log.REMOVE: _restore,
    audit_log.ANSWER: _remove_reply,
    audit_log.BAN: lambda part, _editor, _done: undo_ban(part.after),
    audit_log.UNBAN: lambda part, _editor, _done: undo_unban(part.before),
}
