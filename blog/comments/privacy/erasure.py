"""Erase the comments of an e-mail address for good.

The rows stay, so threads keep their shape. Each batch is one transaction with its counts, so that other writers never
wait for long. The audit log records the erasure without texts. An import finds the `import_ref` taken and does not
restore the text.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, select, update

from blog.case_folding import ascii_lower, lower_variants
from blog.comments.changes import changing_threads
from blog.comments.followers.unsubscribe_links import email_key
from blog.comments.models import ADDRESS, READER, Ban, Comment, Follow, Notice, PendingAlert, Report
from blog.comments.moderation.bans import name_by_comment
from blog.db import db, writing
from blog.editors.audit_log import ERASE, REVERSE, UNBAN, erase_texts, record_all
from blog.editors.models import AuditEntry, Editor
from blog.mail.models import Mail
from blog.site.models import UNSYNCHRONIZED
from blog.stored_messages import dump_messages, message

BATCH_SIZE = 200


def erase(email: str, editor: Editor | None = None) -> int:
    """Erase all comments and other data of this address.

    Returns the number of comments. `editor` is set if an editor does it for the reader. A ban of the address stays.
    """
    erased = 0
    while count := _erase_batch(Comment.has_email(email), editor):
        erased += count
    with writing(affects="nothing"):
        _erase_address_data(email)
    return erased


def erase_one(comment_id: int, email: str | None = None, editor: Editor | None = None) -> bool:
    """Erase one comment if it has this address; tell whether it had."""
    condition = Comment.id == comment_id
    return _erase_batch(condition if email is None else condition & Comment.has_email(email), editor) > 0


def _erase_batch(condition: ColumnElement[bool], editor: Editor | None) -> int:
    reason = message("erased_by", name=editor.name) if editor else message("erased_by_writer")
    with changing_threads() as change:
        comments = list(db.session.scalars(select(Comment).where(condition).order_by(Comment.id).limit(BATCH_SIZE)))
        keys = {key for one in comments for key in (one.reader_key, one.address_key) if key}
        erase_texts([one.id for one in comments])
        _clear_ban_subjects(comments)
        for one in comments:
            one.erase(reason)
            change.set_domains(one, ())
        record_all(editor, ERASE, [one.id for one in comments])
        _delete_related([one.id for one in comments], keys)
        _clear_ban_names(keys)
    return len(comments)


def _delete_related(ids: list[int], keys: Collection[str]) -> None:
    """Delete the notifications and alerts of erased comments.

    The reasons in reports by their writers are emptied.
    """
    for record in (Notice, PendingAlert):
        db.session.execute(delete(record).where(record.comment_id.in_(ids)), execution_options=UNSYNCHRONIZED)
    reports = update(Report).where(Report.reader_key.in_(keys))
    db.session.execute(reports.values(reason=""), execution_options=UNSYNCHRONIZED)


def _clear_ban_subjects(comments: Collection[Comment]) -> None:
    """Remove the names of readers from log entries about lifted bans, which name no comment."""
    names = [name_by_comment(code, one) for one in comments for code in ("reader_of", "address_of")]
    entries = update(AuditEntry).where(AuditEntry.verb.in_((UNBAN, REVERSE)), AuditEntry.subject.in_(names))
    db.session.execute(entries.values(subject=""), execution_options=UNSYNCHRONIZED)


def _clear_ban_names(keys: Collection[str]) -> None:
    """Replace the desk's names of bans on these readers and network addresses."""
    bans = update(Ban).where(Ban.kind.in_((READER, ADDRESS)), Ban.value.in_(keys))
    db.session.execute(bans.values(name=dump_messages([message("erased")])), execution_options=UNSYNCHRONIZED)


def _erase_address_data(email: str) -> None:
    """Delete the subscriptions and unsent mail of an address; empty sent mail.

    The rows of sent mail stay, since limits count them.
    """
    db.session.execute(delete(Follow).where(Follow.email_key == email_key(email)), execution_options=UNSYNCHRONIZED)
    same = lower_variants(email.strip())
    is_recipient = ascii_lower(Mail.recipient).in_(same)
    db.session.execute(delete(Mail).where(is_recipient, Mail.due_at.is_not(None)), execution_options=UNSYNCHRONIZED)
    sent = update(Mail).where(is_recipient).values(subject="", text="", html="", headers="{}")
    db.session.execute(sent, execution_options=UNSYNCHRONIZED)
    entries = update(AuditEntry).where(ascii_lower(AuditEntry.subject).in_(same)).values(subject="")
    db.session.execute(entries, execution_options=UNSYNCHRONIZED)
