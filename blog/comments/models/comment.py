"""Comments: never deleted as rows, and no id comes twice."""

from __future__ import annotations

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

VISIBLE = "visible"
HELD = "held"
SPAM = "spam"
REMOVED = "removed"


SOME_VISIBLE = text("branch_count > 0")

# where the links and the website of each comment lead, so that a domain can be asked for what it was seen in
comment_domains = Table(
    "comment_domains",
    Base.metadata,
    Column("domain", String(254), primary_key=True),
    Column("comment_id", ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True, index=True),
)


def _index_some(name: str, condition: TextClause, *columns: str | ColumnElement[str]) -> Index:
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class Comment(Record):
    """One response. `display_parent_id` is the comment in whose list of replies it stands (none at the top);
    it differs from `parent_id`, the comment it answers, only below the last step. `root_id` is the comment at the top
    of its branch, none where that is itself; there alone `branch_count` says how many visible ones the branch has.

    `agree_count` is how many readers agree, `agree_version` the thread's version when that changed last.
    `seconds` is how long the form had been open, `editor_id` whose answer it is where an editor's. `version` is the
    post's thread version at the last change; `body` what was typed, `body_html` what is shown. `filter_score` is what
    the filter said of it when it came or was last changed, in hundredths, and `filter_signs` what that rested on
    besides its text.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_thread", "post_id", "version"),
        Index("ix_comments_address", "address_key", "created_at"),
        Index("ix_comments_reader", "reader_key", "created_at"),
        Index("ix_comments_queue", "status", "created_at", "id"),
        Index("ix_comments_counted", "post_id", "status"),
        # the replies in a branch at any depth, and those directly under a comment
        Index("ix_comments_in_branch", "root_id", "status", "created_at", "id"),
        Index("ix_comments_replies", "display_parent_id", "status"),
        # what pages list: the branches that have something to show, by time and by agreement
        _index_some("ix_comments_tops", SOME_VISIBLE, "post_id", "created_at", "id"),
        _index_some("ix_comments_most_agreed", SOME_VISIBLE, "post_id", "agree_count", "created_at", "id"),
        _index_some("ix_comments_agreed", text("agree_version > 0"), "post_id", "agree_version"),
        _index_some("ix_comments_email", text("email != ''"), ascii_lower(text("email"))),
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
    status_reason: Mapped[str] = mapped_column(String(500), default="")

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
    def erasable(self) -> bool:
        """Whether a reader's text is still kept here."""
        return self.editor_id is None and any((self.name, self.email, self.website, self.body_html))

    @property
    def position(self) -> int:
        """Where it stands among its neighbours, who go by their ids where it is the same: milliseconds since 1970."""
        return round(self.created_at.timestamp() * 1000)

    def place_under(self, parent: Comment | None, max_indent: int) -> None:
        """Take a place in the thread as a reply to `parent`, or at its top; below so many steps it stands flat."""
        self.parent_id = parent.id if parent else None
        self.depth = parent.depth + 1 if parent else 0
        self.display_parent_id = (
            (parent.id if parent.depth < max_indent else parent.display_parent_id or parent.id) if parent else None
        )
        self.root_id = (parent.root_id or parent.id) if parent else None

    def hold(self, reason: str) -> None:
        self._become(HELD, reason)

    def approve(self) -> None:
        self._become(VISIBLE, "")

    def mark_as_spam(self, reason: str) -> None:
        self._become(SPAM, reason)

    def remove(self, reason: str) -> None:
        self._become(REMOVED, reason)

    def erase(self, reason: str) -> None:
        """Remove it with all that its writer typed, and with what says whence it came; only its place stays."""
        self.remove(reason)
        self.name = self.email = self.website = self.body = self.body_html = ""
        self.reader_key = self.address_key = self.submission_key = self.edited_at = self.seconds = None

    def restore_status(self, status: str, reason: str, at: datetime) -> None:
        """As it stood before, since when it did."""
        self.status, self.status_reason, self.status_at = status, reason, at

    def _become(self, status: str, reason: str) -> None:
        self.status, self.status_at, self.status_reason = status, now(), reason

    @classmethod
    def shows_something(cls) -> ColumnElement[bool]:
        """Of a comment at the top: something in its branch is visible. Written out, for the sake of the index."""
        return cls.branch_count > literal_column("0")

    @classmethod
    def agreed_after(cls, version: int) -> ColumnElement[bool]:
        """How many agree with it changed after this version of its thread. Written out, for the sake of the index."""
        return and_(cls.agree_version > literal_column("0"), cls.agree_version > version)

    @classmethod
    def written_under(cls, email: str) -> ColumnElement[bool]:
        """That its e-mail address is this one, in whatever case. Written out, for the sake of the index."""
        return ascii_lower(cls.email).in_(lower_variants(email.strip())) & (cls.email != literal_column("''"))

    @classmethod
    def visible_on(cls, post: Post) -> Select[Comment]:
        return select(cls).where(cls.post_id == post.id, cls.status == VISIBLE)


def newest_id() -> int:
    """The highest number of all comments: what has a higher one came later."""
    return db.session.execute(select(func.coalesce(func.max(Comment.id), 0))).scalar_one()


# built once, since building them takes longer than running them
POSTED_BEFORE = select(Comment).where(Comment.submission_key == bindparam("key"))


def posted_before(key: str) -> Comment | None:
    return db.session.scalars(POSTED_BEFORE, {"key": key}).one_or_none()
