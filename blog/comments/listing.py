"""Lists of comments for the desk."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.paging import Page, newest_first

STATES = ("all", VISIBLE, HELD, REMOVED, SPAM)
PAGE_SIZE = 40


def comments_in(state: str, words: str, post_id: int | None, after: str | None) -> Page[Comment]:
    """The newest comments of a state (or of all) whose text, name or e-mail address has these words."""
    query = select(Comment).options(joinedload(Comment.post))
    if state != "all":
        query = query.where(Comment.status == state)
    if post_id is not None:
        query = query.where(Comment.post_id == post_id)
    for word in words.split()[:8]:
        fields = (Comment.body, Comment.name, Comment.email)
        query = query.where(or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return newest_first(query, Comment.created_at, Comment.id, after, PAGE_SIZE)
