"""What a reader may do with a response of their own, for some minutes: change it, or take it away."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import or_, select

from blog.comments.changes import announce, audit_label, changing, hold_by_rule
from blog.comments.identity import Writer
from blog.comments.models import HELD, VISIBLE, Comment, Hold
from blog.comments.posting.closing import closed_because
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.screening import link_domains
from blog.comments.screening.lessons import learn
from blog.comments.screening.rules import MAX_REASON_LENGTH, Evidence, collect_evidence, find_hold_reasons
from blog.db import db, now, writing
from blog.editors.audit_log import EDIT, WITHDRAW, record
from blog.html import comment_html
from blog.posts.models import Post, visible_post
from blog.site.models import current_site

MOST_LISTED = 50
PAUSE = timedelta(seconds=5)


def edit_comment(post_id: int, comment_id: int, writer: Writer, body: str, paced: bool = True) -> Comment:
    """Change the text; it is cleaned and judged again, and the editors keep what it was before.

    Raises Refused, with the sentence for the writer, or NoSuchComment. `paced` asks for pauses between changes, each
    of which goes out to everybody who reads along.
    """
    comment = _to_change(post_id, comment_id, writer, body, paced)
    if comment.body == body:
        return comment
    body_html = comment_html(body)
    evidence = collect_evidence(comment.name, comment.email, comment.website, body_html)
    with writing():
        comment = _to_change(post_id, comment_id, writer, body, paced)
        if comment.body == body:
            return comment
        _note(comment, EDIT, body, _("edited by its writer"))
        changing(comment, lambda: _rewrite(comment, body, body_html, evidence))
        link_domains.replace_domains({comment.id: evidence.domains})
        learn(comment)
    announce(comment)
    return comment


def _to_change(post_id: int, comment_id: int, writer: Writer, body: str, paced: bool) -> Comment:
    """The comment, where it may be changed now; Refused for one that has just been changed to another text."""
    comment = changeable(post_id, comment_id, writer)
    if paced and comment.body != body and (wait := pause_after(comment)):
        raise Refused(
            _("That was quick. Please wait %(wait)d seconds and press the button again.", wait=wait), 429, wait
        )
    return comment


def withdraw_comment(post_id: int, comment_id: int, writer: Writer) -> Comment:
    """Take it away; where replies stand under it, its place stays. Raises Refused or NoSuchComment."""
    with writing():
        comment = changeable(post_id, comment_id, writer)
        _note(comment, WITHDRAW, "", _("removed by its writer"))
        changing(comment, lambda: comment.remove(_("removed by its writer")))
    announce(comment)
    return comment


def changeable(post_id: int, comment_id: int, writer: Writer) -> Comment:
    """The comment, where this writer may change it now; raises Refused or NoSuchComment.

    That one waits or is gone, nobody but its writer learns.
    """
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id:
        raise NoSuchComment
    if not writer.wrote(comment):
        if comment.visible:
            raise Refused(_("This response was not written in this browser, so it cannot be changed here."), 403)
        raise NoSuchComment
    if comment.status not in {VISIBLE, HELD}:
        raise Refused(_("This response is no longer here."), 410)
    if closed_because(post):
        raise Refused(_("This thread was closed; nothing in it can be changed any more."), 409)
    if not seconds_left(comment):
        raise Refused(_too_late(current_site().edit_minutes), 403)
    return comment


def seconds_left(comment: Comment) -> int:
    """How long its writer may still change it. A time that lies ahead, since a clock was set back, counts as one that
    is over, so that no jump makes the time endless.
    """
    allowed = timedelta(minutes=current_site().edit_minutes)
    left = allowed - abs(now() - comment.created_at)
    return max(0, ceil(left.total_seconds()))


def pause_after(comment: Comment) -> int:
    """How many seconds the next change must wait for."""
    passed = now() - comment.edited_at if comment.edited_at else PAUSE
    return ceil((PAUSE - passed).total_seconds()) if timedelta(0) <= passed < PAUSE else 0


def own_comments(post: Post, writer: Writer, *states: str) -> list[Comment]:
    """The newest of this writer's comments here, in these states or, without any, all that are not gone."""
    if writer.key is None:
        return []
    mine = select(Comment).where(Comment.post_id == post.id, Comment.reader_key == writer.key)
    mine = mine.where(or_(Comment.editor_id.is_(None), Comment.editor_id == writer.editor_id))
    mine = mine.where(Comment.status.in_(states or (VISIBLE, HELD)))
    return list(db.session.scalars(mine.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(MOST_LISTED)))


def _too_late(minutes: int) -> str:
    if not minutes:
        return str(_("Responses cannot be changed here once they are posted."))
    return str(
        ngettext(
            "A response can be changed for %(num)d minute; that is over.",
            "A response can be changed for %(num)d minutes; they are over.",
            minutes,
        )
    )


def _rewrite(comment: Comment, body: str, body_html: str, evidence: Evidence) -> None:
    """Put the new text in, and hold it where a rule says so; what waited already goes on waiting, and is told of anew
    since it says something else.
    """
    comment.body, comment.body_html, comment.edited_at = body, body_html, now()
    if reason := find_hold_reasons(comment, comment.post, evidence, paced=False):
        known = comment.status_reason.split("; ") if comment.status == HELD else []
        hold_by_rule(comment, "; ".join(dict.fromkeys([*known, *reason.split("; ")]))[:MAX_REASON_LENGTH])
    elif comment.status == HELD:
        db.session.add(Hold(comment=comment))


def _note(comment: Comment, verb: str, after: str, reason: str) -> None:
    """For the editors: what it said before."""
    what = {"subject": audit_label(comment), "before": comment.body, "after": after, "reason": reason}
    record(None, verb, comment_id=comment.id, **what)
