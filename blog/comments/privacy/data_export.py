"""Find the comments of an e-mail address, and export them as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from blog.comments.models import Comment
from blog.db import db, now
from blog.mail.rendering import absolute_url
from blog.posts.models import Post
from blog.site.models import current_site
from blog.web.i18n import iso
from blog.web.pagination import Page, load_page

PAGE_SIZE = 50
BATCH_SIZE = 500
POST_COLUMNS = (Post.title, Post.excerpt, Post.path, Post.published_at, Post.unpublished_at, Post.trashed_at)


def list_comments(email: str, after: str | None, size: int = PAGE_SIZE) -> Page[Comment]:
    """Return a page of an address's comments of any status, newest first."""
    return load_page(_select_comments(email), Comment.created_at, Comment.id, after, size)


def find_comment(email: str, comment_id: int) -> Comment | None:
    """Find a comment by id if it has this address."""
    return db.session.scalars(_select_comments(email).where(Comment.id == comment_id)).one_or_none()


def count_comments(email: str) -> int:
    return db.session.execute(select(func.count(Comment.id)).where(Comment.has_email(email))).scalar_one()


def export_comments(email: str) -> Iterator[str]:
    """Yield parts of one JSON object with all comments of an address.

    Its keys are `site`, `email`, `exported_at` and `responses`, newest first.
    """
    head = {"site": current_site().title, "email": email.strip(), "exported_at": iso(now())}
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "responses": ['
    separator, after, more = "\n", None, True
    while more:
        page = list_comments(email, after, BATCH_SIZE)
        for comment in page.items:
            yield separator + json.dumps(_comment_data(comment), ensure_ascii=False)
            separator = ",\n"
        after, more = page.older, page.older is not None
        db.session.expunge_all()  # frees the memory of this batch
    yield "\n]}\n"


def _select_comments(email: str) -> Select[Comment]:
    post = selectinload(Comment.post).load_only(*POST_COLUMNS).lazyload(Post.labels)
    return select(Comment).where(Comment.has_email(email)).options(post)


def _comment_data(comment: Comment) -> dict[str, Any]:
    post = comment.post
    return {
        "id": comment.id,
        "post": post.headline if post.published else None,
        "address": absolute_url(post.address) if post.published else None,
        "written_at": iso(comment.created_at),
        "changed_at": iso(comment.edited_at) if comment.edited_at else None,
        "state": comment.status,
        "name": comment.name,
        "email": comment.email,
        "website": comment.website,
        "text": comment.body,
    }
