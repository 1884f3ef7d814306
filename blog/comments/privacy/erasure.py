"""Erasing what was written under an e-mail address: it goes for good, and the thread keeps its shape.

So many at a time, each time in one act with the counts, so that nobody who writes has to wait. Nobody can bring it
back: the log keeps that it was erased, and an import finds its number taken.
"""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select, update

from blog.case_folding import ascii_lower, spellings
from blog.comments.changes import announce_all, next_versions
from blog.comments.followers.unsubscribe_links import email_key
from blog.comments.models import ADDRESS, READER, Ban, Comment, Follow, Hold, Notice, Report, comment_domains
from blog.comments.thread.counts import recount_branches, recount_posts
from blog.db import db, writing
from blog.editors.audit_log import ERASE, erase_texts, record_all
from blog.editors.models import AuditEntry, Editor
from blog.mail.models import Mail
from blog.site.models import UNSYNCHRONIZED

AT_ONCE = 200


def erase(email: str, editor: Editor | None = None) -> int:
    """Everything that was written under this address, and what is known of it else; how many responses.

    `editor` is who does it for the reader, where it is not the reader. A ban of the address stands.
    """
    erased = 0
    while some := _erase(Comment.written_under(email), editor):
        erased += some
    with writing():
        _forget_address(email)
    return erased


def erase_one(comment_id: int, email: str | None = None, editor: Editor | None = None) -> bool:
    """This one, if it was written under `email`, where that is given; whether it was there to be erased."""
    which = Comment.id == comment_id
    return _erase(which if email is None else which & Comment.written_under(email), editor) > 0


def _erase(which: ColumnElement[bool], editor: Editor | None) -> int:
    with writing():
        comments = list(db.session.scalars(select(Comment).where(which).order_by(Comment.id).limit(AT_ONCE)))
        if not comments:
            return 0
        versions = next_versions({one.post_id for one in comments})
        keys = {key for one in comments for key in (one.reader_key, one.address_key) if key}
        erase_texts([one.id for one in comments])
        for one in comments:
            one.erase(_("erased by %(name)s", name=editor.name) if editor else _("erased by its writer"))
            one.version = versions[one.post_id]
        record_all(editor, ERASE, [one.id for one in comments])
        _forget_beside([one.id for one in comments], keys)
        recount_branches({one.root_id or one.id for one in comments})
        recount_posts(versions.keys())
        _forget_names(keys)
    announce_all(comments)
    return len(comments)


def _forget_beside(ids: list[int], keys: Collection[str]) -> None:
    """Where links in these led, who is to be told of them, and what else these readers wrote: why they reported."""
    db.session.execute(delete(comment_domains).where(comment_domains.c.comment_id.in_(ids)))
    for record_of in (Notice, Hold):
        db.session.execute(delete(record_of).where(record_of.comment_id.in_(ids)), execution_options=UNSYNCHRONIZED)
    given = update(Report).where(Report.reader_key.in_(keys))
    db.session.execute(given.values(reason=""), execution_options=UNSYNCHRONIZED)


def _forget_names(keys: Collection[str]) -> None:
    """Bans of these readers and network addresses stand, without the name that the desk called them by."""
    known = update(Ban).where(Ban.kind.in_((READER, ADDRESS)), Ban.value.in_(keys))
    db.session.execute(known.values(name=_("whose responses were erased")), execution_options=UNSYNCHRONIZED)


def _forget_address(email: str) -> None:
    """It follows nothing any longer. Mail to it that waits is not sent; of what was sent only that it was stays, for
    the limits that go by it.
    """
    db.session.execute(delete(Follow).where(Follow.email_key == email_key(email)), execution_options=UNSYNCHRONIZED)
    same = spellings(email.strip())
    to_it = ascii_lower(Mail.recipient).in_(same)
    db.session.execute(delete(Mail).where(to_it, Mail.due_at.is_not(None)), execution_options=UNSYNCHRONIZED)
    sent = update(Mail).where(to_it).values(subject="", text="", html="", headers="{}")
    db.session.execute(sent, execution_options=UNSYNCHRONIZED)
    named = update(AuditEntry).where(ascii_lower(AuditEntry.subject).in_(same)).values(subject="")
    db.session.execute(named, execution_options=UNSYNCHRONIZED)
