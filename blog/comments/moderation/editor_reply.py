"""An editor answers from the desk, in their own name; what waits is approved with it."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import gettext as _

from blog.comments.changes import announce_all, audit_label, bump_version
from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import HELD, Comment, find_by_submission_key
from blog.comments.moderation.decisions import change, comment_at, new_action, state_snapshot
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


class Unanswerable(Exception):
    """Why it cannot be answered, in one sentence; the text is given back."""


class Answered(NamedTuple):
    """The entry is none where the same answer had arrived before."""

    comment: Comment
    answer: Comment
    entry: AuditEntry | None


def answer_comment(comment_id: int, editor: Editor, body: str, key: str) -> Answered:
    """Post `body` under the comment as the editor's; NoSuchComment, or Unanswerable with a sentence. The key makes a
    second arrival of the same answer the first.
    """
    body_html = comment_html(body)
    with writing():
        if (comment := comment_at(comment_id)) is None:
            raise NoSuchComment
        if (standing := find_by_submission_key(key)) and standing.editor_id == editor.id:
            return Answered(comment, standing, None)
        _check(comment)
        action_id = new_action() if comment.status == HELD else None
        if action_id:
            change(comment, audit_log.APPROVE, editor, action_id=action_id)
        # somebody else's key shows nothing of theirs, nor does it stand in the way
        answer = Comment(body=body, body_html=body_html, submission_key=None if standing else key)
        _post(comment, editor, answer)
        after = f"{answer.id} {state_snapshot(answer)}"
        what = AuditDetails(comment_id=comment.id, subject=audit_label(answer), after=after, action_id=action_id)
        entry = record(editor, audit_log.ANSWER, **what)
    announce_all([comment, answer])
    return Answered(comment, answer, entry)


def _check(comment: Comment) -> None:
    if not comment.post.published:
        raise Unanswerable(_("The post is not published. Publish it before you reply."))
    if not comment.visible and comment.status != HELD:
        raise Unanswerable(_("The response is not published. Approve it before you reply."))


def _post(comment: Comment, editor: Editor, answer: Comment) -> None:
    post = bump_version(comment.post_id)
    answer.post_id, answer.version = post.id, post.thread_version
    answer.name, answer.editor_id = editor.name, editor.id
    answer.place_under(comment, current_site().max_indent)
    db.session.add(answer)
    recount(answer, post)
    link_domains.add_domains({answer.id: domains_in(links_in(answer.body_html))})
    queue_notifications(answer, post)
