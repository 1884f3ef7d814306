"""Ban readers, addresses and domains: their later comments are held.

Network addresses are stored as keyed hashes only.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from blog.comments.changes import changing_threads
from blog.comments.models import ADDRESS, DOMAIN, EMAIL, READER, SPAM, Ban, Comment
from blog.comments.moderation.decisions import Decisions, Pick, apply_decision, new_action_id, reload_comment
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.link_domains import linked_domains
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, note, record
from blog.editors.models import AuditEntry, Editor
from blog.stored_messages import Message, Sentences, dump_messages, load_messages, message, translate_messages
from blog.web.i18n import day
from blog.web.pagination import Page, load_page

PAGE_SIZE = 40
# twice this length, for escaped quotes, and the rest of the message fit into the column `bans.name`
MAX_NAME_LENGTH = 60


class NoSuchBan(Exception):
    """Report that no ban has this id."""


def ban_word(kind: str) -> str:
    """Return the label of a kind of ban."""
    names = {READER: _("This reader"), EMAIL: _("E-mail"), ADDRESS: _("This network address"), DOMAIN: _("Domain")}
    return str(names[kind])


def possible_bans(comment: Comment) -> dict[str, Ban]:
    """Return the new bans that a comment allows, by their form value.

    Empty for an editor's comment.
    """
    if comment.editor_id:
        return {}
    email = comment.email.strip().lower()
    values = {
        READER: (comment.reader_key, name_by_comment("reader_of", comment)),
        EMAIL: (email, email[:200]),
        ADDRESS: (comment.address_key, name_by_comment("address_of", comment)),
    }
    bans = {kind: Ban(kind=kind, value=value, name=name) for kind, (value, name) in values.items() if value}
    domains = {
        f"{DOMAIN}:{domain}": Ban(kind=DOMAIN, value=domain, name=domain[:200])
        for domain in linked_domains(comment.body_html, comment.website)
    }
    return {name: one for name, one in (bans | domains).items() if not _exists(one)}


def describe_ban(name: str) -> str:
    """Return the name of a ban in the current language."""
    return translate_messages(name, NAMES)


NAMES: Sentences = {
    "reader_of": lambda name, at: _("the reader of %(name)s’s response of %(day)s", name=name, day=_day(at)),
    "address_of": lambda name, at: _("the address of %(name)s’s response of %(day)s", name=name, day=_day(at)),
    "erased": lambda: _("whose responses were erased"),
}


def name_by_comment(code: str, comment: Comment) -> str:
    """Return the stored name of a ban of a comment's reader or address."""
    # JSON writes a control character as six, and the column is bounded
    name = "".join(filter(str.isprintable, comment.name))[:MAX_NAME_LENGTH]
    return dump_messages([message(code, name=name, at=comment.created_at.isoformat(timespec="seconds"))])


def _day(at: str) -> str:
    return day(datetime.fromisoformat(at))


def describe_subject(entry: AuditEntry) -> str:
    """Return what an audit entry is about, in the current language.

    Only entries about bans have a stored message as their subject; others begin with what a reader wrote.
    """
    undone = load_messages(entry.reason) if entry.verb == audit_log.REVERSE else None
    verbs = {entry.verb, *(one["code"] for one in undone or [])}
    return describe_ban(entry.subject) if verbs & {audit_log.BAN, audit_log.UNBAN} else entry.subject


def ban(
    pick: Pick, choices: Collection[str], reason: str, editor: Editor, channel: Sequence[Message] = ()
) -> Decisions:
    """Add the chosen bans of a comment; mark it as spam.

    `choices` are keys of `possible_bans`. If the comment has changed or nothing new was chosen, it is returned in
    `skipped`. `channel` goes to the audit log only.

    Raises: NoSuchComment.
    """
    done, action_id = Decisions(), new_action_id()
    why = [*note(reason), *channel]
    with changing_threads():
        if (comment := reload_comment(pick.comment_id)) is None:
            raise NoSuchComment
        chosen = [one for name, one in possible_bans(comment).items() if name in choices]
        if not pick.is_current(comment) or not chosen:
            done.skipped.append(comment)
            return done
        if comment.status != SPAM:
            done.entries.append(apply_decision(comment, audit_log.SPAM, editor, why, action_id))
        done.comments.append(comment)
        for one in chosen:
            one.reason, one.editor_name = reason[:500], editor.name
            db.session.add(one)
            db.session.flush()
            what = AuditDetails(
                comment_id=comment.id, subject=one.name, after=_fingerprint(one), reason=why, action_id=action_id
            )
            done.entries.append(record(editor, audit_log.BAN, **what))
    return done


def unban(ban_id: int, editor: Editor) -> AuditEntry:
    """Remove a ban. Comments that it held stay held.

    Raises: NoSuchBan.
    """
    with writing(affects="nothing"):
        one = db.session.get(Ban, ban_id, populate_existing=True)
        if one is None:
            raise NoSuchBan
        # the banned value stays in the log only while the removal can be undone
        expired = (
            AuditEntry.verb == audit_log.UNBAN,
            AuditEntry.created_at < now() - audit_log.UNDO_WINDOW,
            AuditEntry.before != "",
        )
        db.session.execute(update(AuditEntry).where(*expired).values(before=""))
        db.session.delete(one)
        return record(editor, audit_log.UNBAN, subject=one.name, before=_serialize(one))


def bans(after: str | None) -> Page[Ban]:
    return load_page(select(Ban), Ban.created_at, Ban.id, after, PAGE_SIZE)


def undo_ban(fingerprint: str) -> bool:
    """Remove the ban with this fingerprint, within the transaction."""
    one = db.session.get(Ban, int(fingerprint.partition(" ")[0]), populate_existing=True)
    if one is None or _fingerprint(one) != fingerprint:
        return False
    db.session.execute(delete(Ban).where(Ban.id == one.id))
    return True


def undo_unban(serialized: str) -> bool:
    """Restore a removed ban, unless an equal one exists, within the transaction."""
    if not serialized:
        return False
    one = Ban(**json.loads(serialized))
    if _exists(one):
        return False
    db.session.add(one)
    return True


def _exists(one: Ban) -> bool:
    same = select(Ban.id).where(Ban.kind == one.kind, Ban.value == one.value)
    return db.session.scalars(same).first() is not None


def _fingerprint(one: Ban) -> str:
    # includes the time, since SQLite reuses ids
    return f"{one.id} {one.created_at.isoformat()}"


def _serialize(one: Ban) -> str:
    return json.dumps({name: getattr(one, name) for name in ("kind", "value", "name", "reason", "editor_name")})
