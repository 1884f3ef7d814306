"""Decide on comments by signed links in mail.

A token names the editor, the comment and the action. Links are bound to the comment's version; any change invalidates
all of them, in every editor's mail. They also end after LINK_DAYS and when the password changes. They sign nobody in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext as _

from blog.comments.models import HELD, Comment
from blog.comments.moderation.bans import ban
from blog.comments.moderation.decisions import Decisions, Pick, decide, explain_conflict
from blog.comments.moderation.undo import NotUndone, undo
from blog.comments.refusals import GONE, NoSuchComment
from blog.db import db
from blog.editors import audit_log
from blog.editors.accounts import generation_tag
from blog.editors.audit_log import last_editor_name, last_undoable_action
from blog.editors.models import AuditEntry, Editor
from blog.stored_messages import message
from blog.web.signed_tokens import read_token, sign_token

LINK_DAYS = 7
VERBS = (audit_log.APPROVE, audit_log.SPAM, audit_log.REMOVE, audit_log.BAN)
DECISION, REVERSAL = "decision", "reversal"
BY_MAIL = (message("by_mail"),)


class LinkExpired(Exception):
    """Report why a link does nothing, in one sentence.

    For a genuine link `comment` is set, and `undoable` holds what its editor can undo.
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
    """Represent what a valid link does."""

    editor: Editor
    comment: Comment
    verb: str
    version: int


def decision_token(editor: Editor, comment: Comment, verb: str) -> str:
    return sign_token(DECISION, f"{editor.id}-{generation_tag(editor)}-{comment.id}-{comment.version}-{verb}")


def reversal_token(editor: Editor, entry: AuditEntry) -> str:
    return sign_token(REVERSAL, f"{editor.id}-{generation_tag(editor)}-{entry.id}")


def read_decision(token: str) -> Decision:
    """Return the decision that a token allows.

    Raises: LinkExpired.
    """
    editor, (number, version, verb) = _read_token(DECISION, token)
    comment = db.session.get(Comment, int(number))
    if comment is None:
        raise LinkExpired(str(GONE), 410)
    if comment.version != int(version) or comment.status != HELD:
        raise _used_link(comment, editor)
    return Decision(editor, comment, verb, int(version))


def decide_by_mail(decision: Decision, choices: Collection[str] = (), reason: str = "") -> AuditEntry:
    """Apply a decision as its editor; return its log entry.

    Raises: LinkExpired if the comment has changed.
    """
    try:
        done = _apply(decision, choices, reason)
    except NoSuchComment:
        raise LinkExpired(str(GONE), 410) from None
    if done.entry is None:
        raise _used_link(done.skipped[0], decision.editor)
    return done.entry


def read_reversal(token: str) -> tuple[Editor, AuditEntry]:
    """Return the editor and the log entry that a token may undo.

    Raises: LinkExpired.
    """
    editor, (number,) = _read_token(REVERSAL, token)
    entry = db.session.get(AuditEntry, int(number))
    if entry is None:
        raise LinkExpired(_("This decision is no longer in the log."), 410)
    return editor, entry


def undo_by_mail(editor: Editor, entry: AuditEntry) -> None:
    """Undo an action.

    Raises: LinkExpired if it is too late.
    """
    try:
        undo(entry.id, editor)
    except NotUndone as refusal:
        raise LinkExpired(refusal.sentence, 409, db.session.get(Comment, entry.comment_id)) from None


def _apply(decision: Decision, choices: Collection[str], reason: str) -> Decisions:
    pick, editor = Pick(decision.comment.id, str(decision.version)), decision.editor
    if decision.verb == audit_log.BAN:
        return ban(pick, choices, reason, editor, BY_MAIL)
    return decide(decision.verb, [pick], editor, BY_MAIL)


def _read_token(purpose: str, token: str) -> tuple[Editor, list[str]]:
    """Return the editor of a token, and its other values."""
    value = read_token(purpose, token)
    if not isinstance(value, str):
        raise LinkExpired(_("This link is not valid or not complete."), 404)
    if read_token(purpose, token, LINK_DAYS * 24 * 3600) is None:
        raise LinkExpired(_("Links in mail work for %(days)d days. This one is older.", days=LINK_DAYS), 410)
    number, mark, *rest = value.split("-")
    editor = db.session.get(Editor, int(number))
    if editor is None or generation_tag(editor) != mark:
        raise LinkExpired(_("This link expired when the password or the account was changed."), 410)
    return editor, rest


def _used_link(comment: Comment, editor: Editor) -> LinkExpired:
    last = last_undoable_action(editor)
    undoable = (editor, last) if last and last.comment_id == comment.id else None
    if last_editor_name(comment.id) or comment.status != HELD:
        return LinkExpired(explain_conflict(comment), 409, comment, undoable)
    return LinkExpired(
        _("The response changed after the mail was sent, so nothing was done. Below is how it is now."), 409, comment
    )
