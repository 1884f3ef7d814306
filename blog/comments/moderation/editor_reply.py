"""Reply to a comment as an editor, approving it if held."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import gettext as _

from blog.comments.changes import announce_all, audit_label, bump_version
from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import HELD, Comment, find_by_submission_key
from blog.comments.moderation.decisions import apply_decision, new_action_id, reload_comment, state_snapshot
from blog.comments.refusals import NoSuchComment
from blog.comments.screening import link_domains
from blog.comments.screening.link_domains import domains_in, links_in
from blog.comments.thread.counts import recount
from blog.db import db, writing
from blog.editors import audit_log
from blog.editors.audit_log import AuditDetails, record
from blog.editors.models import AuditEntry, Editor
from blog.html import comment_html
from blog.site.models import current_site


class CannotReply(Exception):
    """Report why a comment cannot be replied to, in one sentence."""


class EditorReply(NamedTuple):
    """Hold a comment and its reply.

    `entry` is None for a repeated request.
    """

    comment: Comment
    reply: Comment
    entry: AuditEntry | None


def reply_to_comment(comment_id: int, editor: Editor, body: str, key: str) -> EditorReply:
    """Post the editor's reply to a comment.

    The submission key makes a repeated request return the first reply.

    Raises: NoSuchComment, CannotReply.
    """
    body_html = comment_html(body)
    with writing():
        if (comment := reload_comment(comment_id)) is None:
            raise NoSuchComment
        if (earlier := find_by_submission_key(key)) and earlier.editor_id == editor.id:
            return EditorReply(comment, earlier, None)
        _check_can_reply(comment)
        action_id = new_action_id() if comment.status == HELD else None
        if action_id:
            apply_decision(comment, audit_log.APPROVE, editor, action_id=action_id)
        # a key that belongs to another writer is dropped: it neither shows their comment nor blocks the reply
        reply = Comment(body=body, body_html=body_html, submission_key=None if earlier else key)
        _insert_reply(comment, editor, reply)
        after = f"{reply.id} {state_snapshot(reply)}"
        what = AuditDetails(comment_id=comment.id, subject=audit_label(reply), after=after, action_id=action_id)
        entry = record(editor, audit_log.ANSWER, **what)
    announce_all([comment, reply])
    return EditorReply(comment, reply, entry)


def _check_can_reply(comment: Comment) -> None:
    if not comment.post.published:
        raise CannotReply(_("The post is not published. Publish it before you reply."))
    if not comment.visible and comment.status != HELD:
        raise CannotReply(_("The response is not published. Approve it before you reply."))


def _insert_reply(comment: Comment, editor: Editor, reply: Comment) -> None:
    post = bump_version(comment.post_id)
    reply.post_id, reply.version = post.id, post.thread_version
    reply.name, reply.editor_id = editor.name, editor.id
    reply.place_under(comment, current_site().max_indent)
    db.session.add(reply)
    recount(reply, post)
    link_domains.add_domains({reply.id: domains_in(links_in(reply.body_html))})
    queue_notifications(reply, post)
