"""Insert branches of any length straight into the database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, insert, select, text

from blog.comments.models import VISIBLE, Comment
from blog.comments.thread.counts import recount_threads
from blog.db import db, now, writing
from blog.posts.models import Post
from blog.site.models import current_site
from tests.factories import a_post

FIRST_DAY = now() - timedelta(days=30)


def a_branch(size: int, *, post: Post | None = None, chain: bool = False, status: str = VISIBLE) -> list[int]:
    """Insert comments a second apart; return their ids.

    They are a root and replies to it, or a chain of replies. All but the first and the last have this status.
    """
    post = post or a_post(f"Of {size}")
    first = (db.session.scalar(select(func.max(Comment.id))) or 0) + 1
    max_indent, rows, previous, root = current_site().max_indent, [], None, None
    for number in range(size):
        comment = Comment(id=first + number)
        comment.place_under(previous if chain else root, max_indent)
        place = {name: getattr(comment, name) for name in ("id", "parent_id", "display_parent_id", "root_id", "depth")}
        row_status = VISIBLE if number in {0, size - 1} else status
        created_at = FIRST_DAY + timedelta(seconds=first + number)
        texts = {"name": f"Reader {number}", "body": f"Number {number}.", "body_html": f"<p>Number {number}.</p>"}
        rows.append(
            {"post_id": post.id, "status": row_status, "created_at": created_at, "version": number + 1} | place | texts
        )
        previous, root = comment, root or comment
    _insert(rows, post.id, first)
    return [row["id"] for row in rows]


def _insert(rows: list[dict[str, object]], post_id: int, root_id: int) -> None:
    with writing():
        db.session.execute(insert(Comment), rows)
        if db.engine.dialect.name == "postgresql":  # its sequence does not notice explicit ids
            db.session.execute(text("SELECT setval('comments_id_seq', (SELECT max(id) FROM comments))"))
        post = db.session.get_one(Post, post_id)
        recount_threads([post], {root_id})
        post.thread_version += len(rows)


def load_post(number: int) -> Post:
    """Load the post of a comment afresh."""
    db.session.rollback()
    return db.session.get_one(Comment, number).post
