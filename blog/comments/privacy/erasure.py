"""Erase the comments of an e-mail address for good.

The rows stay, so threads keep their shape. Each batch is one transaction with its counts, so that other writers never
wait for long. The audit log records the erasure without texts. An import finds the `import_ref` taken and does not
restore the text.
"""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select, update

from blog.case_folding import ascii_lower, lower_variants
from blog.comments.changes import announce_all, bump_versions
from blog.comments.followers.unsubscribe_links import email_key
from blog.comments.models import ADDRESS, READER, Ban, Comment, Follow, Notice, PendingAlert, Report, comment_domains
from blog.comments.thread.counts import recount_branches, recount_posts
from blog.db import db, writing
from blog.editors.audit_log import ERASE, erase_texts, record_all
from blog.editors.models import AuditEntry, Editor
from blog.mail.models import Mail
from blog.site.models import UNSYNCHRONIZED

BATCH_SIZE = 200


def erase(email: str, editor: Editor | None = None) -> int:
    """Erase all comments and other data of this address.

    Returns the number of comments. `editor` is set if an editor does it for the reader. A ban of the address stays.
    """
    erased = 0
    while count := _erase_batch(Comment.has_email(email), editor):
        erased += count
    with writing():
        _erase_address_data(email)
    return erased


def erase_one(comment_id: int, email: str | None = None, editor: Editor | None = None) -> bool:
    """Erase one comment if it has this address; tell whether it had."""
    condition = Comment.id == comment_id
    return _erase_batch(condition if email is None else condition & Comment.has_email(email), editor) > 0


def _erase_batch(condition: ColumnElement[bool], editor: Editor | None) -> int:
    with writing():
        comments = list(db.session.scalars(select(Comment).where(condition).order_by(Comment.id).limit(BATCH_SIZE)))
        if not comments:
            return 0
        versions = bump_versions({one.post_id for one in comments})
        keys = {key for one in comments for key in (one.reader_key, one.address_key) if key}
        erase_texts([one.id for one in comments])
        for one in comments:
            one.erase(_("erased by %(name)s", name=editor.name) if editor else _("erased by its writer"))
            one.version = versions[one.post_id]
        record_all(editor, ERASE, [one.id for one in comments])
        _delete_related([one.id for one in comments], keys)
        recount_branches({one.root_id or one.id for one in comments})
        recount_posts(versions.keys())
        _clear_ban_names(keys)
    announce_all(comments)
    return len(comments)


def _delete_related(ids: list[int], keys: Collection[str]) -> None:
    """Delete the link domains, notifications and alerts of erased comments.

    The reasons in reports by their writers are emptied.
    """
    db.session.execute(delete(comment_domains).where(comment_domains.c.comment_id.in_(ids)))
    for record in (Notice, PendingAlert):
        db.session.execute(delete(record).where(record.comment_id.in_(ids)), execution_options=UNSYNCHRONIZED)
    reports = update(Report).where(Report.reader_key.in_(keys))
    db.session.execute(reports.values(reason=""), execution_options=UNSYNCHRONIZED)


def _clear_ban_names(keys: Collection[str]) -> None:
    """Replace the desk's names of bans on these readers and network addresses."""
    bans = update(Ban).where(Ban.kind.in_((READER, ADDRESS)), Ban.value.in_(keys))
    db.session.execute(bans.values(name=_("whose responses were erased")), execution_options=UNSYNCHRONIZED)


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
