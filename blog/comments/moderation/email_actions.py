"""Decisions by links in mail. A link says in a signed token whose it is, and what may be done to which comment.

It is good for the comment as it stood, and whatever is done to that gives it another version: so a link does one thing
once, and all others of the same comment end with it, in every editor's mail. It ends with its time too, and with the
password of the account. It signs nobody in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext as _

from blog.comments.models import HELD, Comment
from blog.comments.moderation.bans import ban
from blog.comments.moderation.decisions import Decisions, Pick, clash, decide
from blog.comments.moderation.undo import NotUndone, undo
from blog.comments.refusals import NoSuchComment
from blog.db import db
from blog.editors import audit_log
from blog.editors.accounts import generation_tag
from blog.editors.audit_log import last_editor_name, last_undoable_action
from blog.editors.models import AuditEntry, Editor
from blog.web.signed_tokens import said, signed

DAYS = 7
VERBS = (audit_log.APPROVE, audit_log.SPAM, audit_log.REMOVE, audit_log.BAN)
DECISION, REVERSAL = "decision", "reversal"


class LinkExpired(Exception):
    """Why a link does nothing, in one sentence; the comment that it was of, and what its editor could undo about that,
    where the link was a good one.
    """

    def __init__(
        self,
        sentence: str,
        status: int,
        comment: Comment | None = None,
        undoable: tuple[Editor, AuditEntry] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.comment, self.undoable = sentence, status, comment, undoable


@dataclass(frozen=True)
class Decision:
    """What a link is for, where it still holds."""

    editor: Editor
    comment: Comment
    verb: str
    version: int


def decision_token(editor: Editor, comment: Comment, verb: str) -> str:
    return signed(DECISION, f"{editor.id}-{generation_tag(editor)}-{comment.id}-{comment.version}-{verb}")


def reversal_token(editor: Editor, entry: AuditEntry) -> str:
    return signed(REVERSAL, f"{editor.id}-{generation_tag(editor)}-{entry.id}")


def decision_of(token: str) -> Decision:
    """What this token allows; Dead where that is nothing, or nothing any longer."""
    editor, (number, version, verb) = _read(DECISION, token)
    comment = db.session.get(Comment, int(number))
    if comment is None:
        raise LinkExpired(_("This response is no longer here."), 410)
    if comment.version != int(version) or comment.status != HELD:
        raise _spent(comment, editor)
    return Decision(editor, comment, verb, int(version))


def decide_by_mail(decision: Decision, choices: Collection[str] = (), reason: str = "") -> AuditEntry:
    """Do it, as that editor; of a ban, with what was chosen. The entry by which it is undone; Dead where somebody was
    faster.
    """
    try:
        done = _decide(decision, choices, reason)
    except NoSuchComment:
        raise LinkExpired(_("This response is no longer here."), 410) from None
    if done.entry is None:
        raise _spent(done.stayed[0], decision.editor)
    return done.entry


def reversal_of(token: str) -> tuple[Editor, AuditEntry]:
    """Which entry of the log this token may undo, in whose name; Dead where it may nothing."""
    editor, (number,) = _read(REVERSAL, token)
    entry = db.session.get(AuditEntry, int(number))
    if entry is None:
        raise LinkExpired(_("This is no longer in the log."), 410)
    return editor, entry


def undo_by_mail(editor: Editor, entry: AuditEntry) -> None:
    """Put it back; Dead where that is too late."""
    try:
        undo(entry.id, editor)
    except NotUndone as refusal:
        raise LinkExpired(refusal.sentence, 409, db.session.get(Comment, entry.comment_id)) from None


def _decide(decision: Decision, choices: Collection[str], reason: str) -> Decisions:
    pick, editor = Pick(decision.comment.id, str(decision.version)), decision.editor
    if decision.verb == audit_log.BAN:
        return ban(pick, choices, reason, editor, _("by mail"))
    return decide(decision.verb, [pick], editor, _("by mail"))


def _read(purpose: str, token: str) -> tuple[Editor, list[str]]:
    """Whose token it is, and what else it says."""
    value = said(purpose, token)
    if not isinstance(value, str):
        raise LinkExpired(_("This is not a link that this site has sent, or not all of it arrived."), 404)
    if said(purpose, token, DAYS * 24 * 3600) is None:
        raise LinkExpired(_("Links in mail hold for %(days)d days, which are over.", days=DAYS), 410)
    number, mark, *rest = value.split("-")
    editor = db.session.get(Editor, int(number))
    if editor is None or generation_tag(editor) != mark:
        raise LinkExpired(_("This link ended with the password, or the account, that it was written for."), 410)
    return editor, rest


def _spent(comment: Comment, editor: Editor) -> LinkExpired:
    last = last_undoable_action(editor)
    mine = (editor, last) if last and last.comment_id == comment.id else None
    if last_editor_name(comment.id) or comment.status != HELD:
        return LinkExpired(clash(comment), 409, comment, mine)
    return LinkExpired(
        _("This changed after the mail was written; nothing was done. It says now what stands here."), 409, comment
    )
