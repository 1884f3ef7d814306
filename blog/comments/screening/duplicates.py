"""Find recent comments with the same text (duplicates)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select

from blog.comments.models import Comment
from blog.comments.screening.submission import Submission
from blog.db import db
from blog.spam.muted_words import normalize_letters

DUPLICATE_WINDOW, MAX_SEARCHED, MAX_COMPARED = timedelta(days=1), 2000, 100
# short texts such as thanks repeat without being spam
MIN_DUPLICATE_LENGTH = 30
NON_WORD = re.compile(r"\W+")


def find_duplicate(submission: Submission, at: datetime) -> int | None:
    """Return the id of a recent comment with the same text, other than itself.

    Searches the whole site; short texts are no duplicates.
    """
    key = _duplicate_key(submission.body)
    if len(key) < MIN_DUPLICATE_LENGTH:
        return None
    length = len(submission.body)
    alike = func.length(Comment.body).between(length * 3 // 4, length * 4 // 3)
    newest = select(func.max(Comment.id)).scalar_subquery() - MAX_SEARCHED
    recent = Comment.id > newest, Comment.created_at > at - DUPLICATE_WINDOW
    others = Comment.id != (submission.comment_id or 0)
    query = select(Comment.id, Comment.body).where(*recent, alike, others)
    found = db.session.execute(query.order_by(Comment.id.desc()).limit(MAX_COMPARED))
    return next((other_id for other_id, body in found if _duplicate_key(body) == key), None)


def _duplicate_key(text: str) -> str:
    """Return a text without case, spaces, punctuation and width variants."""
    return NON_WORD.sub("", normalize_letters(text)).casefold()
