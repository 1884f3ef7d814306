"""Bans: whose responses wait for an editor from now on. Addresses are known by their keyed hashes only."""

from __future__ import annotations

import json
from collections.abc import Collection

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from blog.comments.changes import announce_all
from blog.comments.models import ADDRESS, DOMAIN, EMAIL, READER, SPAM, Ban, Comment
from blog.comments.moderation.decisions import Decisions, Pick, change, comment_at, new_action
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.link_domains import domain_of, domains_in, links_in
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, record
from blog.editors.models import AuditEntry, Editor
from blog.web.i18n import day
from blog.web.pagination import Page, newest_first

PAGE_SIZE = 40


class NoSuchBan(Exception):
    """There is no ban of this number."""


def ban_word(kind: str) -> str:
    """What a ban is of."""
    words = {READER: _("This reader"), EMAIL: _("E-mail"), ADDRESS: _("This network address"), DOMAIN: _("Domain")}
    return str(words[kind])


def bannable(comment: Comment) -> dict[str, Ban]:
    """The bans that what is known of a comment allows and that do not stand yet, by the names that a form has for
    them; none for an editor's.
    """
    if comment.editor_id:
        return {}
    whose = {"name": comment.name, "day": day(comment.created_at)}
    known = {
        READER: (comment.reader_key, _("the reader of %(name)s’s response of %(day)s", **whose)),  # noqa: RUF001
        EMAIL: (comment.email.strip().lower(), comment.email.strip().lower()),
        ADDRESS: (comment.address_key, _("the address of %(name)s’s response of %(day)s", **whose)),  # noqa: RUF001
    }
    bans = {kind: Ban(kind=kind, value=value, name=name[:200]) for kind, (value, name) in known.items() if value}
    domains = {
        f"{DOMAIN}:{domain}": Ban(kind=DOMAIN, value=domain, name=domain[:200]) for domain in domains_of(comment)
    }
    return {name: one for name, one in (bans | domains).items() if not _standing(one)}


def domains_of(comment: Comment) -> list[str]:
    """The domains of its website and of its links, without `www.` and without the blog's own."""
    own = {domain_of(current_app.config["SETTINGS"].blog_url)}
    return [domain for domain in domains_in([comment.website, *links_in(comment.body_html)]) if domain not in own]


def ban(pick: Pick, choices: Collection[str], reason: str, editor: Editor, how: str = "") -> Decisions:
    """Ban what was chosen of a comment, as `bannable` names it, and mark the comment as spam; what is banned already
    stays so. Where the comment had changed before, or there is nothing to do, `stayed` holds it. NoSuchComment. `how`
    it was done stands in the log alone.
    """
    done, action_id = Decisions(), new_action()
    why = "; ".join(filter(None, (reason, how)))
    with writing():
        if (comment := comment_at(pick.comment_id)) is None:
            raise NoSuchComment
        wanted = [one for name, one in bannable(comment).items() if name in choices]
        if not pick.holds(comment) or not wanted:
            done.stayed.append(comment)
            return done
        if comment.status != SPAM:
            done.entries.append(change(comment, audit_log.SPAM, editor, why, action_id))
        done.comments.append(comment)
        for one in wanted:
            one.reason, one.editor_name = reason[:500], editor.name
            db.session.add(one)
            db.session.flush()
            what = AuditDetails(
                comment_id=comment.id, subject=one.name, after=_mark(one), reason=why, action_id=action_id
            )
            done.entries.append(record(editor, audit_log.BAN, **what))
    announce_all(done.comments)
    return done


def unban(ban_id: int, editor: Editor) -> AuditEntry:
    """Lift a ban; NoSuchBan where somebody else has. Comments that it held stay as they are."""
    with writing():
        one = db.session.get(Ban, ban_id, populate_existing=True)
        if one is None:
            raise NoSuchBan
        # what it was of is kept for as long as undoing it may need that
        old = (
            AuditEntry.verb == audit_log.UNBAN,
            AuditEntry.created_at < now() - audit_log.UNDO_WINDOW,
            AuditEntry.before != "",
        )
        db.session.execute(update(AuditEntry).where(*old).values(before=""))
        db.session.delete(one)
        return record(editor, audit_log.UNBAN, subject=one.name, before=_kept(one))


def bans(after: str | None) -> Page[Ban]:
    return newest_first(select(Ban), Ban.created_at, Ban.id, after, PAGE_SIZE)


def undo_ban(mark: str) -> bool:
    """Inside an act: take back the ban that this mark is of, if it stands."""
    one = db.session.get(Ban, int(mark.partition(" ")[0]), populate_existing=True)
    if one is None or _mark(one) != mark:
        return False
    db.session.execute(delete(Ban).where(Ban.id == one.id))
    return True


def undo_unban(kept: str) -> bool:
    """Inside an act: the ban that was lifted stands again, unless another of the same does."""
    if not kept:
        return False
    one = Ban(**json.loads(kept))
    if _standing(one):
        return False
    db.session.add(one)
    return True


def _standing(one: Ban) -> bool:
    same = select(Ban.id).where(Ban.kind == one.kind, Ban.value == one.value)
    return db.session.scalars(same).first() is not None


def _mark(one: Ban) -> str:
    # with its time, since on SQLite a number comes again
    return f"{one.id} {one.created_at.isoformat()}"


def _kept(one: Ban) -> str:
    return json.dumps({name: getattr(one, name) for name in ("kind", "value", "name", "reason", "editor_name")})
