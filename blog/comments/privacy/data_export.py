"""What was written under an e-mail address: for its writer to see, page by page, or whole as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from blog.comments.models import Comment
from blog.db import db, now
from blog.mail.rendering import absolute
from blog.posts.models import Post
from blog.site.models import current_site
from blog.web.i18n import iso
from blog.web.pagination import Page, load_page

PAGE_SIZE = 50
AT_ONCE = 500
SHOWN_OF_POST = (Post.title, Post.excerpt, Post.path, Post.published_at, Post.unpublished_at, Post.trashed_at)


def responses_under(email: str, after: str | None, size: int = PAGE_SIZE) -> Page[Comment]:
    """The newest first, whatever their state."""
    return load_page(_under(email), Comment.created_at, Comment.id, after, size)


def response_under(email: str, comment_id: int) -> Comment | None:
    """This one, if it was written under the address."""
    return db.session.scalars(_under(email).where(Comment.id == comment_id)).one_or_none()


def count_under(email: str) -> int:
    return db.session.execute(select(func.count(Comment.id)).where(Comment.written_under(email))).scalar_one()


def exported(email: str) -> Iterator[str]:
    """All of it as one object of JSON, in parts: `site`, `email`, `exported_at` and `responses`, the newest first."""
    head = {"site": current_site().title, "email": email.strip(), "exported_at": iso(now())}
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "responses": ['
    separator, after, more = "\n", None, True
    while more:
        page = responses_under(email, after, AT_ONCE)
        for comment in page.items:
            yield separator + json.dumps(_row(comment), ensure_ascii=False)
            separator = ",\n"
        after, more = page.older, page.older is not None
        db.session.expunge_all()  # what was written out need not be held
    yield "\n]}\n"


def _under(email: str) -> Select[Comment]:
    post = selectinload(Comment.post).load_only(*SHOWN_OF_POST).lazyload(Post.labels)
    return select(Comment).where(Comment.written_under(email)).options(post)


def _row(comment: Comment) -> dict[str, Any]:
    post = comment.post
    return {
        "id": comment.id,
        "post": post.headline if post.published else None,
        "address": absolute(post.path or "") if post.published else None,
        "written_at": iso(comment.created_at),
        "changed_at": iso(comment.edited_at) if comment.edited_at else None,
        "state": comment.status,
        "name": comment.name,
        "email": comment.email,
        "website": comment.website,
        "text": comment.body,
    }
