"""Store the former paths of posts and find where they lead."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select, union_all

from blog.db import db
from blog.posts.models import MAX_OLD_PATH, OldPath, Post, quote_path


def store_old_path(post: Post, path: str) -> None:
    """Let a path lead to this post, in the current transaction.

    The first post with a path keeps it. A path that is too long for the table is not stored.
    """
    path = _without_slash(path)
    if len(path) <= MAX_OLD_PATH and not db.session.scalar(select(exists().where(OldPath.path == path))):
        db.session.add(OldPath(path=path, post=post))


def find_moved(path: str) -> tuple[str | None, bool]:
    """Find where a path leads that no visible post has.

    Returns the address of the visible post that had it, or None, and whether a post that is gone has or had it. Other
    systems link paths with and without a slash at the end.
    """
    bare = _without_slash(path)
    rows = db.session.execute(AT_PATH, {"path": bare, "with_slash": f"{bare}/"}).all()
    visible = [row.path for row in rows if row.published_at and not row.unpublished_at and not row.trashed_at]
    return quote_path(visible[0]) if visible else None, any(row.published_at for row in rows)


def _without_slash(path: str) -> str:
    return path.rstrip("/") or "/"


COLUMNS = (Post.path, Post.published_at, Post.unpublished_at, Post.trashed_at)
# built once: bots ask for thousands of paths that nothing has
AT_PATH = union_all(
    select(*COLUMNS).where(Post.path.in_((bindparam("path"), bindparam("with_slash")))),
    select(*COLUMNS).join(OldPath, OldPath.post_id == Post.id).where(OldPath.path == bindparam("path")),
)
