"""Reply to a comment as an editor, approving it if held."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import gettext as _

from blog.comments.changes import audit_label, changing_threads
from blog.comments.models import HELD, Comment
from blog.comments.moderation.decisions import apply_decision, new_action_id, reload_comment, state_snapshot
from blog.comments.refusals import NoSuchComment
from blog.comments.screening.link_domains import linked_domains
from blog.comments.submission_keys import look_up_key
from blog.db import db
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

    The submission key makes a repeated request with the same text return the first reply.

    Raises: NoSuchComment, CannotReply.
    """
    body_html = comment_html(body, current_site().language)
    with changing_threads() as change:
        if (comment := reload_comment(comment_id)) is None:
            raise NoSuchComment
        content = (editor.id, comment_id, body)
        earlier, key = look_up_key(
            key, content, lambda reply: (reply.editor_id, reply.parent_id, reply.body) == content
        )
        if earlier:
            return EditorReply(comment, earlier, None)
        _check_can_reply(comment)
        action_id = new_action_id() if comment.status == HELD else None
        if action_id:
            apply_decision(comment, audit_log.APPROVE, editor, action_id=action_id)
        reply = _build_reply(comment, editor, body, body_html, key)
        change.add(reply, comment, linked_domains(body_html, ""))
        db.session.flush()  # the log needs its id
        after = f"{reply.id} {state_snapshot(reply)}"
        what = AuditDetails(comment_id=comment.id, subject=audit_label(reply), after=after, action_id=action_id)
        entry = record(editor, audit_log.ANSWER, **what)
    return EditorReply(comment, reply, entry)


def _check_can_reply(comment: Comment) -> None:
    if not comment.post.published:
        raise CannotReply(_("The post is not published. Publish it before you reply."))
    if not comment.visible and comment.status != HELD:
        raise CannotReply(_("The response is not published. Approve it before you reply."))


def _build_reply(comment: Comment, editor: Editor, body: str, body_html: str, key: str) -> Comment:
    return Comment(
        post_id=comment.post_id,
        name=editor.name,
        editor_id=editor.id,
        body=body,
        body_html=body_html,
        submission_key=key,
    )
