"""Count agreements with comments, a reaction like a vote or "like"."""

from __future__ import annotations

from flask_babel import gettext as _

from blog.comments.changes import next_version
from blog.comments.identity import Voice
from blog.comments.models import Agreement, Comment
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.counts import recount_agreements
from blog.db import db, writing
from blog.live.hub import hint
from blog.posts.models import visible_post
from blog.site.models import current_site


def agree(post_id: int, comment_id: int, voice: Voice) -> Comment:
    """Count one vote for the comment. Raises Refused or NoSuchComment."""
    with writing():
        comment = require_agreeable_comment(post_id, comment_id, voice)
        if voice.on(comment, Agreement):
            return comment
        if voice.beside(comment, Agreement):
            raise Refused(_("Somebody at your network address agrees already, and each address counts once."), 409)
        version = next_version(comment.post_id).thread_version
        keys = {"reader_key": voice.reader_key, "address_key": voice.address_key}
        db.session.add(Agreement(comment_id=comment.id, version=version, **keys))
        recount_agreements(comment, version)
    announce_agreement(comment)
    return comment


def withdraw_agreement(post_id: int, comment_id: int, voice: Voice) -> Comment:
    """Delete this reader's vote, if any. Raises Refused or NoSuchComment."""
    with writing():
        comment = require_agreeable_comment(post_id, comment_id, voice)
        if (agreement := voice.on(comment, Agreement)) is None:
            return comment
        db.session.delete(agreement)
        recount_agreements(comment, next_version(comment.post_id).thread_version)
    announce_agreement(comment)
    return comment


def require_agreeable_comment(post_id: int, comment_id: int, voice: Voice) -> Comment:
    """Return the comment, or raise Refused or NoSuchComment."""
    if not current_site().agreeing:
        raise Refused(_("Agreeing is switched off on this blog."), 404)
    comment = require_visible_comment(post_id, comment_id)
    if voice.wrote(comment):
        raise Refused(_("This is your own response: others can agree with it."), 409)
    return comment


def announce_agreement(comment: Comment) -> None:
    hint(f"post:{comment.post_id}", quiet=True)


def require_visible_comment(post_id: int, comment_id: int) -> Comment:
    """Return the comment if readers can see it, or raise NoSuchComment."""
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id or not comment.visible:
        raise NoSuchComment
    return comment
