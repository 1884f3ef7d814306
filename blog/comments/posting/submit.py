"""Post a comment: throttle, clean, screen, save and count in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from blog.comments.changes import announce, bump_version, hold_by_rule
from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import Comment, find_by_submission_key
from blog.comments.posting.closing import closed_because
from blog.comments.posting.throttle import seconds_to_wait
from blog.comments.refusals import NoSuchPost, Refused
from blog.comments.screening import link_domains
from blog.comments.screening.rules import collect_evidence, find_hold_reasons
from blog.comments.thread.counts import recount
from blog.db import db, now, writing
from blog.html import comment_html
from blog.posts.models import Post
from blog.site.models import current_site


@dataclass(frozen=True)
class NewComment:
    """Hold the fields of a comment that a form has validated."""

    post_id: int
    parent_id: int | None
    name: str
    email: str
    website: str
    body: str
    key: str
    reader_key: str
    address_key: str
    # the honeypot was filled in
    trapped: bool = False
    # for how long the form was open, if known
    seconds: int | None = None
    # an editor's comment is neither throttled nor held
    editor_id: int | None = None


def post_comment(new: NewComment, paced: bool = True) -> Comment:
    """Save a comment, or find the one saved under its key.

    `paced` turns on the throttle and the rules about time. They and all refusals are checked before
    the text is cleaned, which is slow, and again in the transaction.

    Raises: Refused with a sentence for the reader, NoSuchPost.
    """
    try:
        _check_allowed(new, db.session.get(Post, new.post_id), paced)
    except Refused:
        if (earlier := find_by_submission_key(new.key)) and earlier.reader_key == new.reader_key:
            return earlier
        raise
    body_html = comment_html(new.body)
    evidence = collect_evidence(new.name, new.email, new.website, body_html, new.trapped)
    try:
        with writing():
            if (earlier := find_by_submission_key(new.key)) and earlier.reader_key == new.reader_key:
                return earlier
            post = bump_version(new.post_id)
            parent = _check_allowed(new, post, paced)
            comment = _build_comment(new, post, body_html)
            comment.place_under(parent, current_site().max_indent)
            if reasons := find_hold_reasons(comment, post, evidence, paced):
                hold_by_rule(comment, reasons)
            db.session.add(comment)
            recount(comment, post)
            link_domains.add_domains({comment.id: evidence.domains})
            queue_notifications(comment, post)
    except IntegrityError:
        # two processes received the same submission at once: the first one counts
        if (earlier := find_by_submission_key(new.key)) and earlier.reader_key == new.reader_key:
            return earlier
        raise
    announce(comment)
    return comment


def _check_allowed(new: NewComment, post: Post | None, paced: bool) -> Comment | None:
    """Check that a comment may be posted now; return its parent.

    Raises: Refused, NoSuchPost.
    """
    if post is None or not post.published:
        raise NoSuchPost
    if why := closed_because(post):
        raise Refused(_("%(why)s Your text is still here to copy.", why=why), 403)
    parent = _load_parent(new, post)
    if paced and new.editor_id is None and (wait := seconds_to_wait(new.reader_key, new.address_key, now())):
        raise Refused(
            _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait), 429, wait
        )
    return parent


def _load_parent(new: NewComment, post: Post) -> Comment | None:
    if new.parent_id is None:
        return None
    parent = db.session.get(Comment, new.parent_id)
    if parent is None or parent.post_id != post.id or not parent.visible:
        raise Refused(
            _("The response that you replied to is no longer here. You can still post your text as a new response."),
            422,
        )
    return parent


def _build_comment(new: NewComment, post: Post, body_html: str) -> Comment:
    return Comment(
        post_id=post.id,
        version=post.thread_version,
        name=new.name,
        email=new.email,
        website=new.website,
        body=new.body,
        body_html=body_html,
        submission_key=new.key,
        reader_key=new.reader_key,
        address_key=new.address_key,
        editor_id=new.editor_id,
        seconds=new.seconds,
    )
