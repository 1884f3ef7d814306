"""Posting a comment: clean, limit, judge, save, count, one commit; then whoever watches is told."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from blog.comments.changes import announce, hold_by_rule, next_version
from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import Comment, find_by_submission_key
from blog.comments.posting.closing import closed_because
from blog.comments.posting.throttle import pause
from blog.comments.refusals import NoSuchPost, Refused
from blog.comments.screening import link_domains
from blog.comments.screening.rules import examine, verdict
from blog.comments.thread.counts import recount
from blog.db import db, now, writing
from blog.html import comment_html
from blog.posts.models import Post
from blog.site.models import current_site


@dataclass(frozen=True)
class Draft:
    """What a reader sent, checked by the form, and whence."""

    post_id: int
    parent_id: int | None
    name: str
    email: str
    website: str
    body: str
    key: str
    reader_key: str
    address_key: str
    trapped: bool = False
    # how long the form had been open, where that is known
    seconds: int | None = None
    # whose answer it is, where an editor's: it neither pauses nor waits
    editor_id: int | None = None


def post_comment(draft: Draft, paced: bool = True) -> Comment:
    """Save the comment and return it; what was already saved under its key is returned as it stands.

    Raises Refused, with the sentence for the reader, or NoSuchPost. `paced` asks for pauses between comments, and for
    the rules that go by time. All of that is asked before the text is read, which is slow, and again inside the act.
    """
    try:
        _parent_allowed(draft, db.session.get(Post, draft.post_id), paced)
    except Refused:
        if (earlier := find_by_submission_key(draft.key)) and earlier.reader_key == draft.reader_key:
            return earlier
        raise
    body_html = comment_html(draft.body)
    evidence = examine(draft.name, draft.email, draft.website, body_html, draft.trapped)
    try:
        with writing():
            if (standing := find_by_submission_key(draft.key)) and standing.reader_key == draft.reader_key:
                return standing
            post = next_version(draft.post_id)
            parent = _parent_allowed(draft, post, paced)
            comment = _comment(draft, post, body_html)
            comment.place_under(parent, current_site().max_indent)
            if reasons := verdict(comment, post, evidence, paced):
                hold_by_rule(comment, reasons)
            db.session.add(comment)
            recount(comment, post)
            link_domains.add({comment.id: evidence.domains})
            queue_notifications(comment, post)
    except IntegrityError:
        # the same submission arrived twice at once, by two processes: the first one counts
        if (standing := find_by_submission_key(draft.key)) and standing.reader_key == draft.reader_key:
            return standing
        raise
    announce(comment)
    return comment


def _parent_allowed(draft: Draft, post: Post | None, paced: bool) -> Comment | None:
    """The comment that this one answers, where it may be posted now; raises Refused or NoSuchPost."""
    if post is None or not post.published:
        raise NoSuchPost
    if why := closed_because(post):
        raise Refused(_("%(why)s Your text is still here to copy.", why=why), 403)
    parent = _parent(draft, post)
    if paced and draft.editor_id is None and (wait := pause(draft.reader_key, draft.address_key, now())):
        raise Refused(
            _("That was quick. Please wait %(wait)d seconds and press the button again.", wait=wait), 429, wait
        )
    return parent


def _parent(draft: Draft, post: Post) -> Comment | None:
    if draft.parent_id is None:
        return None
    parent = db.session.get(Comment, draft.parent_id)
    if parent is None or parent.post_id != post.id or not parent.visible:
        raise Refused(
            _("The response that you answer is no longer here. You can post this as a response of its own."), 422
        )
    return parent


def _comment(draft: Draft, post: Post, body_html: str) -> Comment:
    return Comment(
        post_id=post.id,
        version=post.thread_version,
        name=draft.name,
        email=draft.email,
        website=draft.website,
        body=draft.body,
        body_html=body_html,
        submission_key=draft.key,
        reader_key=draft.reader_key,
        address_key=draft.address_key,
        editor_id=draft.editor_id,
        seconds=draft.seconds,
    )
