"""Post a comment: throttle, clean, screen, save and count in one transaction."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.comments.posting.closing import closed_because
from blog.comments.posting.throttle import seconds_to_wait
from blog.comments.refusals import NoSuchPost, Refused, TooFast
from blog.comments.screening.rules import Verdict, prepare_screening, screen
from blog.comments.screening.submission import Submission
from blog.comments.submission_keys import KeyUse, look_up_key, new_submission_key
from blog.db import db, now
from blog.posts.models import Post


def post_comment(submission: Submission, throttled: bool = True) -> Comment:
    """Save a comment, or find the one saved with the same key and text.

    `throttled` turns on the throttle and the rules about time. They and all refusals are checked before
    the text is cleaned, which is slow, and again in the transaction.

    Raises: Refused with a sentence for the reader, NoSuchPost.
    """
    try:
        _check_allowed(submission, throttled)
    except Refused:
        if earlier := look_up(submission).earlier:
            return earlier
        raise
    prepare_screening(submission)
    try:
        with changing_threads() as change:
            earlier, key = look_up(submission)
            if earlier:
                return earlier
            post, parent = _check_allowed(submission, throttled)
            verdict = screen(submission, post, timed=throttled)
            comment = _build_comment(submission, key, verdict)
            if verdict.reasons:
                change.hold_by_rule(comment, verdict.reasons)
            change.add(comment, parent, submission.domains)
    except IntegrityError:
        # two processes received the same submission at once: the first one counts
        if earlier := look_up(submission).earlier:
            return earlier
        raise
    return comment


def look_up(submission: Submission) -> KeyUse:
    """Find the comment that was already posted with the same key and text.

    The key is not guessable, so it says alone who sent it: some readers have no cookie.
    """
    content = (submission.post_id, submission.parent_id, submission.body)
    return look_up_key(
        submission.key or new_submission_key(),
        content,
        lambda comment: (comment.post_id, comment.parent_id, comment.body) == content,
    )


def _check_allowed(submission: Submission, throttled: bool) -> tuple[Post, Comment | None]:
    """Check that a comment may be posted now; return its post and its parent.

    Raises: Refused, NoSuchPost.
    """
    post = db.session.get(Post, submission.post_id)
    if post is None or not post.published:
        raise NoSuchPost
    if why := closed_because(post):
        raise Refused(_("%(why)s Your text is still here to copy.", why=why), 403)
    parent = _load_parent(submission, post)
    if throttled and submission.editor_id is None:
        _check_throttle(submission)
    return post, parent


def _check_throttle(submission: Submission) -> None:
    if wait := seconds_to_wait(submission.reader_key or "", submission.address_key or "", now()):
        raise TooFast(wait)


def _load_parent(submission: Submission, post: Post) -> Comment | None:
    if submission.parent_id is None:
        return None
    parent = db.session.get(Comment, submission.parent_id)
    if parent is None or parent.post_id != post.id or not parent.visible:
        raise Refused(
            _("The response that you replied to is no longer here. You can still post your text as a new response."),
            422,
        )
    return parent


def _build_comment(submission: Submission, key: str, verdict: Verdict) -> Comment:
    return Comment(
        post_id=submission.post_id,
        name=submission.name,
        email=submission.email,
        website=submission.website,
        body=submission.body,
        body_html=submission.html,
        submission_key=key,
        reader_key=submission.reader_key,
        address_key=submission.address_key,
        editor_id=submission.editor_id,
        seconds=submission.seconds,
        filter_score=verdict.filter_score,
        filter_signs=verdict.filter_signs,
    )
