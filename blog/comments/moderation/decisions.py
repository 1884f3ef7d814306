"""Decide on comments: approve, hold, mark as spam, remove.

Each decision is logged with what its undo needs. If two editors decide at once, the first one counts.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flask_babel import gettext as _

from blog.comments.changes import audit_label, changing_threads
from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.lessons import preload_texts
from blog.db import db
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, is_withdrawn, last_editor_name, record
from blog.editors.models import AuditEntry, Editor
from blog.stored_messages import Message, message

NEW_STATUS = {audit_log.APPROVE: VISIBLE, audit_log.HOLD: HELD, audit_log.SPAM: SPAM, audit_log.REMOVE: REMOVED}


class Pick(NamedTuple):
    """Identify a comment and the version that the editor saw.

    `expected_version` is "" if any version will do.
    """

    comment_id: int
    expected_version: str = ""

    def is_current(self, comment: Comment) -> bool:
        return self.expected_version in {"", str(comment.version)}


@dataclass
class Decisions:
    """Hold the result of one action.

    `skipped` are comments that had changed before, or had the new status already.
    """

    entries: list[AuditEntry] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    skipped: list[Comment] = field(default_factory=list)

    @property
    def entry(self) -> AuditEntry | None:
        """Return the log entry that undoes the whole action."""
        return self.entries[-1] if self.entries else None

    @property
    def pairs(self) -> list[tuple[AuditEntry, Comment]]:
        return list(zip(self.entries, self.comments, strict=True))


def decide(verb: str, picks: Sequence[Pick], editor: Editor, why: Sequence[Message] = ()) -> Decisions:
    """Apply one decision to several comments, in one transaction.

    Raises: NoSuchComment if none of them exists.
    """
    done, action_id = Decisions(), new_action_id() if len(picks) > 1 else None
    preload_texts(pick.comment_id for pick in picks)
    with changing_threads():
        for pick in picks:
            if (comment := reload_comment(pick.comment_id)) is None:
                continue
            if comment.status == NEW_STATUS[verb] or not pick.is_current(comment) or is_irreversible(comment, verb):
                done.skipped.append(comment)
                continue
            done.entries.append(apply_decision(comment, verb, editor, why, action_id))
            done.comments.append(comment)
    if not done.comments and not done.skipped:
        raise NoSuchComment
    return done


def is_irreversible(comment: Comment, verb: str) -> bool:
    """Return whether a comment can no longer be shown.

    Author deletions are final, and so is the deletion of the text.
    """
    restores = verb in {audit_log.APPROVE, audit_log.HOLD}
    return restores and (not comment.body_html or is_withdrawn(comment.id))


def apply_decision(
    comment: Comment, verb: str, editor: Editor, why: Sequence[Message] = (), action_id: str | None = None
) -> AuditEntry:
    """Apply and log a decision, within `changing_threads()`."""
    before = state_snapshot(comment)
    _set_status(comment, verb, editor, why)
    what = AuditDetails(comment_id=comment.id, subject=audit_label(comment), reason=why, action_id=action_id)
    return record(editor, verb, **what | AuditDetails(before=before, after=state_snapshot(comment)))


def _set_status(comment: Comment, verb: str, editor: Editor, why: Sequence[Message]) -> None:
    details = {"name": editor.name, "notes": list(why)}
    match verb:
        case audit_log.APPROVE:
            comment.approve()
        case audit_log.HOLD:
            comment.hold(message("held_by", **details))
        case audit_log.SPAM:
            comment.mark_as_spam(message("marked_as_spam_by", **details))
        case audit_log.REMOVE:
            comment.remove(message("removed_by", **details))


def reload_comment(comment_id: int) -> Comment | None:
    """Load a comment afresh from the database."""
    return db.session.get(Comment, comment_id, populate_existing=True)


def state_snapshot(comment: Comment) -> str:
    """Return a comment's status as JSON, to restore or compare it."""
    state = {"status": comment.status, "reason": comment.status_reason, "at": comment.status_at.isoformat()}
    return json.dumps(state, ensure_ascii=False)


def new_action_id() -> str:
    return secrets.token_hex(16)


def explain_conflict(comment: Comment) -> str:
    """Return why a decision was not applied, in one sentence."""
    if is_withdrawn(comment.id):
        return str(_("The author deleted this response. Author deletions are final. Nothing was changed."))
    if not comment.body_html:
        return str(_("The text of this response was deleted, so it cannot be published. Nothing was changed."))
    if name := last_editor_name(comment.id):
        return str(_("%(name)s decided on this first. Nothing was changed.", name=name))
    return str(_("The response changed after you loaded it. Nothing was changed."))
