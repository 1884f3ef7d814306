"""What readers do to what others wrote: whose voice it is, and on what. Each counts once a reader and address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from blog.comments.models import Agreement, Comment, Report
from blog.comments.moderation.decisions import NoSuchComment
from blog.db import db
from blog.posts.models import visible_post

Record = TypeVar("Record", Agreement, Report)


@dataclass(frozen=True)
class Voice:
    """A reader's key (none before anything was written), the address's, and the editor who is signed in."""

    reader_key: str | None
    address_key: str
    editor_id: int | None = None

    def wrote(self, comment: Comment) -> bool:
        by_editor = comment.editor_id is not None and comment.editor_id == self.editor_id
        return by_editor or (self.reader_key is not None and comment.reader_key == self.reader_key)

    def on(self, comment: Comment, record: type[Record]) -> Record | None:
        """This reader's agreement with the comment, or report of it."""
        return self._one(record, comment, record.reader_key, self.reader_key)

    def beside(self, comment: Comment, record: type[Record]) -> Record | None:
        """The same of anybody at this address."""
        return self._one(record, comment, record.address_key, self.address_key)

    def _one(self, record: type[Record], comment: Comment, column: object, key: str | None) -> Record | None:
        found = select(record).where(record.comment_id == comment.id, column == key)  # type: ignore[arg-type]
        return db.session.scalars(found).one_or_none() if key else None


def heard(post_id: int, comment_id: int) -> Comment:
    """The comment that readers see now; NoSuchComment where there is none, or no longer."""
    post = visible_post(post_id)
    comment = db.session.get(Comment, comment_id)
    if post is None or comment is None or comment.post_id != post.id or not comment.visible:
        raise NoSuchComment
    return comment
