"""The audit log: who did what to which comment, when and why. It is written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from blog.db import db, now, parse_id
from blog.editors.models import AuditEntry, Editor
from blog.site.models import UNSYNCHRONIZED
from blog.web.pagination import Page

APPROVE, HOLD, SPAM, REMOVE = "approve", "hold", "spam", "remove"
BAN, UNBAN, ANSWER, REVERSE = "ban", "unban", "answer", "undo"
# what writers do to their own
EDIT, WITHDRAW, ERASE = "edit", "withdraw", "erase"
# what is known of a comment for good: that nobody may bring it back
FINAL = {WITHDRAW, ERASE}
# what readers together do
REPORT = "report"
UNDOABLE = {APPROVE, HOLD, SPAM, REMOVE, BAN, UNBAN, ANSWER}

# how long an action can be undone
UNDO = timedelta(minutes=10)
PAGE_SIZE = 40
# an editor's own last action is looked for among so many
RECENT = 200


class AuditDetails(TypedDict, total=False):
    """The rest of an entry; `before` and `after` are texts that whoever undoes the verb reads."""

    comment_id: int | None
    subject: str
    before: str
    after: str
    reason: str
    action_id: str | None


def record(editor: Editor | None, verb: str, **what: Unpack[AuditDetails]) -> AuditEntry:
    """Inside an act: write one line of the log. Without an editor it was readers, or one to their own."""
    what["subject"], what["reason"] = what.get("subject", "")[:300], what.get("reason", "")[:500]
    entry = AuditEntry(verb=verb, **_who(editor), **what)
    db.session.add(entry)
    db.session.flush()
    return entry


def record_all(editor: Editor | None, verb: str, comment_ids: Collection[int]) -> None:
    """The same of many comments, with nothing else said."""
    db.session.add_all(AuditEntry(verb=verb, comment_id=number, **_who(editor)) for number in comment_ids)
    db.session.flush()


def _who(editor: Editor | None) -> dict[str, Any]:
    return {"editor_id": editor.id, "editor_name": editor.name} if editor else {}


def entries(comment_id: int | None, after: str | None, size: int = PAGE_SIZE) -> Page[AuditEntry]:
    """The newest entries, of one comment where it is given, that come after the key `after`, which is an id."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(size + 1)
    if comment_id is not None:
        query = query.where(AuditEntry.comment_id == comment_id)
    if (key := parse_id(after)) is not None:
        query = query.where(AuditEntry.id < key)
    found = list(db.session.scalars(query))
    return Page(found[:size], str(found[size - 1].id) if len(found) > size else None)


def done_together(entry: AuditEntry) -> list[AuditEntry]:
    """All entries of the action that this one belongs to, the last first."""
    if not entry.action_id:
        return [entry]
    same = select(AuditEntry).where(AuditEntry.action_id == entry.action_id).order_by(AuditEntry.id.desc())
    return list(db.session.scalars(same))


def verb_word(verb: str) -> str:
    """What was done, as one word or two."""
    words = {
        APPROVE: _("Approved"),
        HOLD: _("Held"),
        SPAM: _("Marked as spam"),
        REMOVE: _("Removed"),
        BAN: _("Banned"),
        UNBAN: _("Ban lifted"),
        ANSWER: _("Answered"),
        REVERSE: _("Undone"),
        EDIT: _("Edited"),
        WITHDRAW: _("Deleted"),
        REPORT: _("Held after reports"),
        ERASE: _("Erased"),
    }
    return str(words.get(verb, verb))


def undoable(entry: AuditEntry) -> bool:
    """Whether it is of a kind that can be undone, was not yet, is young enough, and still says what stood before."""
    known = bool(entry.before or entry.after)
    return known and entry.verb in UNDOABLE and entry.undone_at is None and now() - UNDO < entry.created_at <= now()


def last_action(editor: Editor) -> AuditEntry | None:
    """What this editor did last, while it can still be undone."""
    newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(RECENT).subquery()
    mine = select(AuditEntry).join(newest, newest.c.id == AuditEntry.id).where(AuditEntry.editor_id == editor.id)
    last = db.session.scalars(mine.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()
    return last if last and undoable(last) else None


def last_decider(comment_id: int) -> str:
    """The name of the editor who decided on this comment last; "" where none has."""
    names = select(AuditEntry.editor_name).where(AuditEntry.comment_id == comment_id)
    return db.session.scalars(names.order_by(AuditEntry.id.desc()).limit(1)).first() or ""


def withdrawn(comment_id: int) -> bool:
    """Whether its writer took this comment away, or had it erased."""
    by_writer = select(AuditEntry.id).where(AuditEntry.comment_id == comment_id, AuditEntry.verb.in_(FINAL))
    return db.session.scalars(by_writer.limit(1)).first() is not None


def forget_texts(comment_ids: Collection[int] | Select[int]) -> None:
    """Inside an act: what the log says of these comments in their own words goes, and with it every undoing; that
    something was done stays. An answer is the editor's own.
    """
    about = AuditEntry.comment_id.in_(comment_ids), AuditEntry.verb != ANSWER
    forgotten = {"subject": "", "before": "", "after": ""}
    db.session.execute(update(AuditEntry).where(*about).values(forgotten), execution_options=UNSYNCHRONIZED)


def mark_undone(undone: Iterable[AuditEntry]) -> None:
    for entry in undone:
        entry.undone_at = now()
