"""Write and read the audit log of decisions on comments.

Each entry is written in the transaction of the decision itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict, Unpack

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select, update

from blog.db import db, now, parse_id
from blog.editors.models import AuditEntry, Editor
from blog.site.models import UNSYNCHRONIZED
from blog.stored_messages import Message, Sentences, dump_messages, message, translate_messages
from blog.web.pagination import Page

APPROVE, HOLD, SPAM, REMOVE = "approve", "hold", "spam", "remove"
BAN, UNBAN, ANSWER, REVERSE = "ban", "unban", "answer", "undo"
# by authors, to their comments
EDIT, WITHDRAW, ERASE = "edit", "withdraw", "erase"
# nobody may restore these comments, so their entries are never deleted
FINAL = {WITHDRAW, ERASE}
# by several readers
REPORT = "report"
UNDOABLE = {APPROVE, HOLD, SPAM, REMOVE, BAN, UNBAN, ANSWER}

UNDO_WINDOW = timedelta(minutes=10)
PAGE_SIZE = 40
# entries searched for an editor's last action
RECENT_LIMIT = 200


class AuditDetails(TypedDict, total=False):
    """Hold the optional columns of an entry; undo parses `before` and `after`."""

    comment_id: int | None
    subject: str
    before: str
    after: str
    reason: Sequence[Message]
    action_id: str | None


def record(editor: Editor | None, verb: str, **details: Unpack[AuditDetails]) -> AuditEntry:
    """Add one entry in the current transaction; without an editor readers acted."""
    details["subject"], reason = details.get("subject", "")[:300], dump_messages(details.pop("reason", ()))
    entry = AuditEntry(verb=verb, reason=reason, **_editor_columns(editor), **details)
    db.session.add(entry)
    db.session.flush()
    return entry


def record_all(editor: Editor | None, verb: str, comment_ids: Collection[int]) -> None:
    """Add one entry per comment, without details."""
    columns = _editor_columns(editor)
    db.session.add_all(AuditEntry(verb=verb, comment_id=comment_id, **columns) for comment_id in comment_ids)
    db.session.flush()


def _editor_columns(editor: Editor | None) -> dict[str, Any]:
    return {"editor_id": editor.id, "editor_name": editor.name} if editor else {}


def list_entries(comment_id: int | None, after: str | None, size: int = PAGE_SIZE) -> Page[AuditEntry]:
    """Return entries, newest first; `after` is the id to continue from."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(size + 1)
    if comment_id is not None:
        query = query.where(AuditEntry.comment_id == comment_id)
    if (key := parse_id(after)) is not None:
        query = query.where(AuditEntry.id < key)
    found = list(db.session.scalars(query))
    return Page(found[:size], str(found[size - 1].id) if len(found) > size else None)


def entries_of_action(entry: AuditEntry) -> list[AuditEntry]:
    """Return all entries of the same action, newest first."""
    if not entry.action_id:
        return [entry]
    same = select(AuditEntry).where(AuditEntry.action_id == entry.action_id).order_by(AuditEntry.id.desc())
    return list(db.session.scalars(same))


def verb_label(verb: str) -> str:
    """Return the translated label of a verb."""
    labels = {
        APPROVE: _("Approved"),
        HOLD: _("Held"),
        SPAM: _("Marked as spam"),
        REMOVE: _("Removed"),
        BAN: _("Banned"),
        UNBAN: _("Ban lifted"),
        ANSWER: _("Replied"),
        REVERSE: _("Undone"),
        EDIT: _("Edited"),
        WITHDRAW: _("Deleted"),
        REPORT: _("Held after reports"),
        ERASE: _("Erased"),
    }
    return str(labels.get(verb, verb))


def note(text: str) -> list[Message]:
    """Return an editor's words as the reason of an entry."""
    return [message("note", text=text)] if text else []


def describe_reason(entry: AuditEntry) -> str:
    """Return an entry's reason in the current language.

    For an undo this is the label of what was undone; earlier releases stored its bare verb.
    """
    reason = translate_messages(entry.reason, REASONS)
    return verb_label(reason) if entry.verb == REVERSE else reason


def describe_reports(count: int, reasons: str = "") -> str:
    """Return the number of reports with what their readers wrote."""
    number = ngettext("reported by %(num)d reader", "reported by %(num)d readers", count)
    return f"{number}: {reasons}" if reasons else str(number)


# the sentences of stored reasons by their codes
REASONS: Sentences = {
    "note": lambda text: text,
    "by_mail": lambda: _("by mail"),
    "reported": describe_reports,
    **{verb: partial(verb_label, verb) for verb in UNDOABLE},
}


def can_undo(entry: AuditEntry) -> bool:
    """Tell whether the entry is recent and can be undone."""
    has_state = bool(entry.before or entry.after)
    is_recent = now() - UNDO_WINDOW < entry.created_at <= now()
    return has_state and entry.verb in UNDOABLE and entry.undone_at is None and is_recent


def last_undoable_action(editor: Editor) -> AuditEntry | None:
    """Return the editor's last entry if it can still be undone."""
    newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(RECENT_LIMIT).subquery()
    mine = select(AuditEntry).join(newest, newest.c.id == AuditEntry.id).where(AuditEntry.editor_id == editor.id)
    last = db.session.scalars(mine.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()
    return last if last and can_undo(last) else None


def last_editor_name(comment_id: int) -> str:
    """Return who last decided on this comment, or ""."""
    names = select(AuditEntry.editor_name).where(AuditEntry.comment_id == comment_id)
    return db.session.scalars(names.order_by(AuditEntry.id.desc()).limit(1)).first() or ""


def is_withdrawn(comment_id: int) -> bool:
    """Return whether the author deleted or erased this comment."""
    by_author = select(AuditEntry.id).where(AuditEntry.comment_id == comment_id, AuditEntry.verb.in_(FINAL))
    return db.session.scalars(by_author.limit(1)).first() is not None


def erase_texts(comment_ids: Collection[int] | Select[int]) -> None:
    """Erase these comments' texts from the log in the current transaction.

    The entries stay but cannot be undone any more. Editors' replies keep theirs.
    """
    about = AuditEntry.comment_id.in_(comment_ids), AuditEntry.verb != ANSWER
    erased = {"subject": "", "before": "", "after": ""}
    db.session.execute(update(AuditEntry).where(*about).values(erased), execution_options=UNSYNCHRONIZED)


def mark_undone(undone: Iterable[AuditEntry]) -> None:
    for entry in undone:
        entry.undone_at = now()
