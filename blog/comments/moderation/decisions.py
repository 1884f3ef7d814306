"""What editors decide on comments: to show them, to hold them, that they are spam, to remove them.

Each decision is written to the audit log with what undoing it needs. Of two editors the first decides.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flask_babel import gettext as _

from blog.comments.changes import announce_all, audit_label, changing
from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.lessons import learn, preload_texts
from blog.db import db, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, is_withdrawn, last_editor_name, record
from blog.editors.models import AuditEntry, Editor

BECOMES = {audit_log.APPROVE: VISIBLE, audit_log.HOLD: HELD, audit_log.SPAM: SPAM, audit_log.REMOVE: REMOVED}


class Pick(NamedTuple):
    """A comment as an editor saw it: its version then, or "" where that does not matter."""

    comment_id: int
    expected_version: str = ""

    def holds(self, comment: Comment) -> bool:
        return self.expected_version in {"", str(comment.version)}


@dataclass
class Decisions:
    """What came of one action: an entry for each decision, the comments decided on, and those that stay as they are
    because they had changed before, or stood so already.
    """

    entries: list[AuditEntry] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    stayed: list[Comment] = field(default_factory=list)

    @property
    def entry(self) -> AuditEntry | None:
        """By which the action is undone."""
        return self.entries[-1] if self.entries else None

    @property
    def pairs(self) -> list[tuple[AuditEntry, Comment]]:
        return list(zip(self.entries, self.comments, strict=True))


def decide(verb: str, picks: Sequence[Pick], editor: Editor, why: str = "") -> Decisions:
    """Do this to each of these comments, in one act; NoSuchComment where there is none of them."""
    done, action_id = Decisions(), new_action() if len(picks) > 1 else None
    preload_texts(pick.comment_id for pick in picks)
    with writing():
        for pick in picks:
            if (comment := comment_at(pick.comment_id)) is None:
                continue
            if comment.status == BECOMES[verb] or not pick.holds(comment) or is_irreversible(comment, verb):
                done.stayed.append(comment)
                continue
            done.entries.append(change(comment, verb, editor, why, action_id))
            done.comments.append(comment)
    if not done.comments and not done.stayed:
        raise NoSuchComment
    announce_all(done.comments)
    return done


def is_irreversible(comment: Comment, verb: str) -> bool:
    """Nobody brings back what its writer took away, nor what is no longer kept."""
    back = verb in {audit_log.APPROVE, audit_log.HOLD}
    return back and (not comment.body_html or is_withdrawn(comment.id))


def change(comment: Comment, verb: str, editor: Editor, why: str = "", action_id: str | None = None) -> AuditEntry:
    """Inside an act: do it and write it down."""
    before = state_snapshot(comment)
    _decide(comment, REASONS[verb](editor.name) + (f": {why}" if why and verb != audit_log.APPROVE else ""), verb)
    after = state_snapshot(comment)
    what = AuditDetails(comment_id=comment.id, subject=audit_label(comment), reason=why, action_id=action_id)
    entry = record(editor, verb, **what | AuditDetails(before=before, after=after))
    learn(comment)
    return entry


def _decide(comment: Comment, reason: str, verb: str) -> None:
    verbs: dict[str, Callable[[], None]] = {
        audit_log.APPROVE: comment.approve,
        audit_log.HOLD: lambda: comment.hold(reason),
        audit_log.SPAM: lambda: comment.mark_as_spam(reason),
        audit_log.REMOVE: lambda: comment.remove(reason),
    }
    changing(comment, verbs[verb])


REASONS: dict[str, Callable[[str], str]] = {
    audit_log.APPROVE: lambda name: "",
    audit_log.HOLD: lambda name: _("held by %(name)s", name=name),
    audit_log.SPAM: lambda name: _("marked as spam by %(name)s", name=name),
    audit_log.REMOVE: lambda name: _("removed by %(name)s", name=name),
}


def comment_at(comment_id: int) -> Comment | None:
    """As it stands now, whatever this session had read before."""
    return db.session.get(Comment, comment_id, populate_existing=True)


def state_snapshot(comment: Comment) -> str:
    """Its state, so that it can be put back, and compared with a later one."""
    state = {"status": comment.status, "reason": comment.status_reason, "at": comment.status_at.isoformat()}
    return json.dumps(state, ensure_ascii=False)


def new_action() -> str:
    return secrets.token_hex(16)


def clash(comment: Comment) -> str:
    """Why a verb was not done, in one sentence."""
    if is_withdrawn(comment.id):
        return str(_("Its writer deleted this response, so it stays deleted; nothing was changed."))
    if not comment.body_html:
        return str(_("The text of this response is no longer kept, so it cannot be shown; nothing was changed."))
    if name := last_editor_name(comment.id):
        return str(_("%(name)s has decided on this before. It stands as it says here; nothing was changed.", name=name))
    return str(_("This changed after you had loaded it. It stands as it says here; nothing was changed."))
