"""Ban readers, addresses and domains: their later comments are held.

Network addresses are stored as keyed hashes only.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from blog.comments.changes import announce_all
from blog.comments.models import ADDRESS, DOMAIN, EMAIL, READER, SPAM, Ban, Comment
from blog.comments.moderation.decisions import Decisions, Pick, apply_decision, new_action_id, reload_comment
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.link_domains import domain_of, domains_in, links_in
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, record
from blog.editors.models import AuditEntry, Editor
from blog.web.i18n import day
from blog.web.pagination import Page, load_page

PAGE_SIZE = 40


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
    labels = {"name": comment.name, "day": day(comment.created_at)}
    values = {
        READER: (comment.reader_key, _("the reader of %(name)s’s response of %(day)s", **labels)),  # noqa: RUF001
        EMAIL: (comment.email.strip().lower(), comment.email.strip().lower()),
        ADDRESS: (comment.address_key, _("the address of %(name)s’s response of %(day)s", **labels)),  # noqa: RUF001
    }
    bans = {kind: Ban(kind=kind, value=value, name=name[:200]) for kind, (value, name) in values.items() if value}
    domains = {
        f"{DOMAIN}:{domain}": Ban(kind=DOMAIN, value=domain, name=domain[:200]) for domain in linked_domains(comment)
    }
    return {name: one for name, one in (bans | domains).items() if not _exists(one)}


def linked_domains(comment: Comment) -> list[str]:
    """Return the domains that a comment links to, without the blog's own."""
    blog_domains = {domain_of(current_app.config["SETTINGS"].blog_url)}
    return [
        domain for domain in domains_in([comment.website, *links_in(comment.body_html)]) if domain not in blog_domains
    ]


def ban(pick: Pick, choices: Collection[str], reason: str, editor: Editor, channel: str = "") -> Decisions:
    """Add the chosen bans of a comment; mark it as spam.

    `choices` are keys of `possible_bans`. If the comment has changed or nothing new was chosen, it is returned in
    `skipped`. `channel` goes to the audit log only.

    Raises: NoSuchComment.
    """
    done, action_id = Decisions(), new_action_id()
    why = "; ".join(filter(None, (reason, channel)))
    with writing():
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
    announce_all(done.comments)
    return done


def unban(ban_id: int, editor: Editor) -> AuditEntry:
    """Remove a ban. Comments that it held stay held.

    Raises: NoSuchBan.
    """
    with writing():
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
    """Remove the ban with this fingerprint, within `writing()`."""
    one = db.session.get(Ban, int(fingerprint.partition(" ")[0]), populate_existing=True)
    if one is None or _fingerprint(one) != fingerprint:
        return False
    db.session.execute(delete(Ban).where(Ban.id == one.id))
    return True


def undo_unban(serialized: str) -> bool:
    """Restore a removed ban, unless an equal one exists, within `writing()`."""
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
