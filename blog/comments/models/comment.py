"""Store comments. Rows are never deleted, and ids are never used again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    Text,
    TextClause,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blog.case_folding import ascii_lower, lower_variants
from blog.db import Base, Record, db, now
from blog.posts.models import Post
from blog.stored_messages import MESSAGES, Message, dump_messages

VISIBLE = "visible"
HELD = "held"
SPAM = "spam"
REMOVED = "removed"

HAS_VISIBLE_BRANCH = text("branch_count > 0")

# the domains that the links and the website of each comment lead to, so that comments can be found by domain
comment_domains = Table(
    "comment_domains",
    Base.metadata,
    Column("domain", String(254), primary_key=True),
    Column("comment_id", ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True, index=True),
)


def _partial_index(name: str, condition: TextClause, *columns: str | ColumnElement[str]) -> Index:
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class Comment(Record):
    """Represent one comment.

    `parent_id` is the comment that it answers. `display_parent_id` is the comment whose list of replies it is in; the
    two differ only below the deepest indent. Both are None for a root. `root_id` is the root of its branch, None for a
    root; only roots use `branch_count`, the number of visible comments in the branch.

    `status_reason` says why it is held, spam or removed, in messages that `status_reasons.py` translates. The desk
    shows it in `templates/comments/moderation/desk/macros.html`.

    `version` is the post's thread version at the last change, `agree_version` the one at the last change of
    `agree_count`. `body` is the text as typed, `body_html` the cleaned HTML. `seconds` is how long the form was open.
    `editor_id` is set where an editor wrote it. `filter_score` is the spam filter's verdict in hundredths,
    `filter_signs` the signs besides the text that it used.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_thread", "post_id", "version"),
        Index("ix_comments_address", "address_key", "created_at"),
        Index("ix_comments_reader", "reader_key", "created_at"),
        Index("ix_comments_queue", "status", "created_at", "id"),
        # counts them, and lists them by time for feeds
        Index("ix_comments_counted", "post_id", "status", "created_at", "id"),
        # the first finds the replies of a branch at any depth, the second those directly under a comment
        Index("ix_comments_in_branch", "root_id", "status", "created_at", "id"),
        Index("ix_comments_replies", "display_parent_id", "status"),
        # pages list the branches that have visible comments, by time and by agreements
        _partial_index("ix_comments_tops", HAS_VISIBLE_BRANCH, "post_id", "created_at", "id"),
        _partial_index("ix_comments_most_agreed", HAS_VISIBLE_BRANCH, "post_id", "agree_count", "created_at", "id"),
        _partial_index("ix_comments_agreed", text("agree_version > 0"), "post_id", "agree_version"),
        _partial_index("ix_comments_anchor", text("anchor IS NOT NULL"), "post_id", "anchor"),
        _partial_index("ix_comments_email", text("email != ''"), ascii_lower(text("email"))),
        {"sqlite_autoincrement": True},
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"), index=True)
    display_parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    root_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    branch_count: Mapped[int] = mapped_column(default=0)
    depth: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    agree_count: Mapped[int] = mapped_column(default=0)
    agree_version: Mapped[int] = mapped_column(default=0)

    status: Mapped[str] = mapped_column(String(8), default=VISIBLE)
    status_at: Mapped[datetime] = mapped_column(default=now)
    status_reason: Mapped[str] = mapped_column(MESSAGES, default="")

    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)

    edited_at: Mapped[datetime | None]
    seconds: Mapped[int | None]
    filter_score: Mapped[int | None]
    filter_signs: Mapped[str] = mapped_column(String(500), default="")
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editors.id"))

    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    address_key: Mapped[str | None] = mapped_column(String(64))
    reader_key: Mapped[str | None] = mapped_column(String(64))
    import_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    anchor: Mapped[str | None] = mapped_column(String(40))

    post: Mapped[Post] = relationship()
    parent: Mapped[Comment | None] = relationship(foreign_keys=[parent_id], remote_side="Comment.id")

    @property
    def visible(self) -> bool:
        return self.status == VISIBLE

    @property
    def is_erasable(self) -> bool:
        """Tell whether a text of a reader is still stored here."""
        return self.editor_id is None and any((self.name, self.email, self.website, self.body_html))

    @property
    def position(self) -> int:
        """Return the sort key among siblings: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)

    def place_under(self, parent: Comment | None, max_indent: int) -> None:
        """Make this a reply to `parent`, or a root.

        Replies deeper than `max_indent` are not indented further.
        """
        self.parent_id = parent.id if parent else None
        self.depth = parent.depth + 1 if parent else 0
        self.display_parent_id = (
            (parent.id if parent.depth < max_indent else parent.display_parent_id or parent.id) if parent else None
        )
        self.root_id = (parent.root_id or parent.id) if parent else None

    def hold(self, *reasons: Message) -> None:
        self._set_status(HELD, reasons)

    def approve(self) -> None:
        self._set_status(VISIBLE)

    def mark_as_spam(self, *reasons: Message) -> None:
        self._set_status(SPAM, reasons)

    def remove(self, *reasons: Message) -> None:
        self._set_status(REMOVED, reasons)

    def erase(self, reason: Message) -> None:
        """Remove the comment with its texts and keys; the row stays."""
        self.remove(reason)
        self.name = self.email = self.website = self.body = self.body_html = ""
        self.reader_key = self.address_key = self.submission_key = self.edited_at = self.seconds = None

    def restore_status(self, status: str, reason: str, at: datetime) -> None:
        """Restore an earlier status with its reason, as stored, and its time."""
        self.status, self.status_reason, self.status_at = status, reason, at

    def _set_status(self, status: str, reasons: Collection[Message] = ()) -> None:
        self.status, self.status_at, self.status_reason = status, now(), dump_messages(reasons)

    @classmethod
    def has_visible_branch(cls) -> ColumnElement[bool]:
        """Return the condition that the branch of a root has visible comments.

        The number is a literal, since SQLite uses a partial index only then. The same holds for the next two.
        """
        return cls.branch_count > literal_column("0")

    @classmethod
    def agreements_changed_after(cls, version: int) -> ColumnElement[bool]:
        """Return the condition that `agree_count` changed after this thread version."""
        return and_(cls.agree_version > literal_column("0"), cls.agree_version > version)

    @classmethod
    def has_email(cls, email: str) -> ColumnElement[bool]:
        """Return the condition that the e-mail address matches, ignoring case."""
        return ascii_lower(cls.email).in_(lower_variants(email.strip())) & (cls.email != literal_column("''"))

    @classmethod
    def visible_on(cls, post: Post) -> Select[Comment]:
        """Select the visible comments of a post."""
        return select(cls).where(cls.post_id == post.id, cls.status == VISIBLE)


def newest_id() -> int:
    """Return the highest id of all comments, 0 without any."""
    return db.session.execute(select(func.coalesce(func.max(Comment.id), 0))).scalar_one()


# built once: halves the time of this query, which posting a comment runs twice
BY_SUBMISSION_KEY = select(Comment).where(Comment.submission_key == bindparam("key"))


def find_by_submission_key(key: str) -> Comment | None:
    return db.session.scalars(BY_SUBMISSION_KEY, {"key": key}).one_or_none()
