"""Store posts, pages and their labels.

A new field of Post needs a migration, a field and an entry of COLUMNS in `posts/forms.py`, and its place in
`templates/posts/desk/edit.html` and `templates/posts/show.html`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    Text,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, contains_eager, defer, mapped_column, relationship, validates

from blog.db import Base, Record, db, now
from blog.html.plain_text import shorten
from blog.site.models import SITE_ID, Site, cache_site

POST = "post"
PAGE = "page"

DRAFT = "draft"
PUBLISHED = "published"
UNPUBLISHED = "unpublished"
TRASHED = "trashed"

# as in Post.in_state(PUBLISHED), or SQLite would not use the indexes
VISIBLE = "trashed_at IS NULL AND unpublished_at IS NULL AND published_at IS NOT NULL"
# PostgreSQL indexes at most 2704 bytes, and a character may have four
MAX_OLD_PATH = 500
UNRELATED = f"related_at IS NULL AND {VISIBLE}"
HIDDEN = "trashed_at IS NOT NULL OR published_at IS NULL OR unpublished_at IS NOT NULL"

post_labels = Table(
    "post_labels",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_post_labels_newest", "label_id", "post_id"),
)


# the posts whose card picture is to be drawn; other pictures come first
UNDRAWN = "card_url IS NULL AND thumbnail = ''"


class Label(Record):
    """Represent a label; `post_count` counts its visible posts and pages, see `archive/post_counts.py`."""

    __tablename__ = "labels"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    post_count: Mapped[int] = mapped_column(default=0, index=True)

    def __str__(self) -> str:
        return self.name


def _partial_index(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class Post(Record):
    """Represent a post, or a page (a post without a date).

    The `…_html` columns are the sanitized forms of the typed texts. `path` never changes after the first publication.
    `photo_license` is the address of the photo's licence, `photo_license_page` that of the page where one is sold.
    `card_url` is the drawn picture of a post without another one: None until it is drawn, "" where the font lacks the
    script of the headline. `comment_count` counts visible comments, `top_count` top-level branches with visible
    comments. `comment_rule` overrides the site's. `thread_version` rises with each change of the thread; `site_version`
    is the site's version at the last change visible on home. `atom_id` is what the feeds of the old blog called an
    imported post. `updated_at` is set explicitly, since comments are no edits of the post. `related_at` is None until
    `related.py` has compared the post.
    """

    __tablename__ = "posts"
    __table_args__ = (
        # lists and feeds of what readers may see; the desk uses the last one
        _partial_index("ix_posts_published", VISIBLE, "kind", "published_at", "id"),
        _partial_index("ix_posts_updated", VISIBLE, "kind", "updated_at", "id", "published_at"),
        _partial_index("ix_posts_dated", VISIBLE, "published_at", "id"),
        _partial_index("ix_posts_author", VISIBLE, "author_name", "kind", "published_at", "id"),
        Index("ix_posts_changed", "kind", "updated_at", "id"),
        # the part after /YYYY/MM/ of a post's path
        Index("ix_posts_slug", func.substr(text("path"), text("10"))),
        Index("ix_posts_source", "source_name", "kind", "published_at", "id"),
        _partial_index("ix_posts_unrelated", UNRELATED, "id"),
        _partial_index("ix_posts_hidden", HIDDEN, "id"),
        _partial_index("ix_posts_undrawn", UNDRAWN, "updated_at"),
    )

    updated_at: Mapped[datetime] = mapped_column(default=now)
    kind: Mapped[str] = mapped_column(String(8), default=POST)
    path: Mapped[str | None] = mapped_column(String(300), unique=True)
    title: Mapped[str] = mapped_column(String(500), default="")
    # active_history: archive/post_counts.py needs the values that are replaced
    published_at: Mapped[datetime | None] = mapped_column(active_history=True)
    author_name: Mapped[str] = mapped_column(String(200), default="", active_history=True)
    author_ref: Mapped[str | None] = mapped_column(String(500))

    standfirst: Mapped[str] = mapped_column(Text, default="")
    photo_url: Mapped[str] = mapped_column(String(2000), default="")
    photo_alt: Mapped[str] = mapped_column(String(1000), default="")
    photo_caption: Mapped[str] = mapped_column(Text, default="")
    photo_credit: Mapped[str] = mapped_column(String(500), default="")
    photo_license: Mapped[str] = mapped_column(String(2000), default="")
    photo_license_page: Mapped[str] = mapped_column(String(2000), default="")
    source_name: Mapped[str] = mapped_column(String(300), default="")
    source_title: Mapped[str] = mapped_column(String(500), default="")
    source_url: Mapped[str] = mapped_column(String(2000), default="")
    quote: Mapped[str] = mapped_column(Text, default="")
    quote_html: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    note_html: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    body_html: Mapped[str] = mapped_column(Text, default="")
    excerpt: Mapped[str] = mapped_column(Text, default="")
    thumbnail: Mapped[str] = mapped_column(String(2000), default="")
    card_url: Mapped[str | None] = mapped_column(String(300))

    unpublished_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    related_at: Mapped[datetime | None]
    comments_closed_at: Mapped[datetime | None]
    comment_rule: Mapped[str | None] = mapped_column(String(10))
    comment_count: Mapped[int] = mapped_column(default=0)
    top_count: Mapped[int] = mapped_column(default=0)
    thread_version: Mapped[int] = mapped_column(default=0)
    site_version: Mapped[int] = mapped_column(default=0, index=True)
    import_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    atom_id: Mapped[str | None] = mapped_column(String(200))
    submission_key: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)

    labels: Mapped[list[Label]] = relationship(secondary=post_labels, order_by=Label.name, lazy="selectin")

    @validates("title", "source_name", "excerpt")
    def _forget_card(self, name: str, text: str) -> str:
        """Have the card drawn anew when its words change."""
        if text != getattr(self, name) and (name != "excerpt" or not self.title):
            self.card_url = None
        return text

    @property
    def headline(self) -> str:
        """Return the title, or the beginning of the text without one."""
        return headline(self.title, self.excerpt, self.path)

    @property
    def address(self) -> str:
        """Return the path as a link, "" for a draft."""
        return quote_path(self.path or "")

    @property
    def position(self) -> int:
        """Return the sort key of lists, newest first: milliseconds since 1970."""
        return round(self.published_at.timestamp() * 1000) if self.published_at else 0

    @property
    def published(self) -> bool:
        return self.state == PUBLISHED

    @property
    def state(self) -> str:
        """Return TRASHED, DRAFT, PUBLISHED or UNPUBLISHED."""
        if self.trashed_at is not None:
            return TRASHED
        if self.published_at is None:
            return DRAFT
        return PUBLISHED if self.unpublished_at is None else UNPUBLISHED

    def publish(self, path: str, at: datetime) -> None:
        """Make the post visible; keep its first path and time."""
        self.path = self.path or path
        self.published_at = self.published_at or at
        self.unpublished_at = None

    def unpublish(self) -> None:
        """Hide the post; its path answers 410."""
        self.unpublished_at = now()

    def trash(self) -> None:
        self.trashed_at = now()

    def restore(self) -> None:
        """Take the post out of the trash, into its previous state."""
        self.trashed_at = None

    def is_closed(self, after_days: int | None, at: datetime) -> bool:
        """Return whether an editor or the post's age closed the thread."""
        if self.comments_closed_at is not None:
            return True
        return bool(after_days and self.published_at and at > self.published_at + timedelta(days=after_days))

    @classmethod
    def in_state(cls, state: str) -> Select[Post]:
        """Select the posts of one state."""
        not_trashed = cls.trashed_at.is_(None)
        rules: dict[str, tuple[ColumnElement[bool], ...]] = {
            TRASHED: (cls.trashed_at.is_not(None),),
            DRAFT: (not_trashed, cls.published_at.is_(None)),
            PUBLISHED: (not_trashed, cls.published_at.is_not(None), cls.unpublished_at.is_(None)),
            UNPUBLISHED: (not_trashed, cls.published_at.is_not(None), cls.unpublished_at.is_not(None)),
        }
        return select(cls).where(*rules[state])

    @classmethod
    def hidden_ids(cls) -> Select[int]:
        """Select the ids of all posts that readers may not see, by the index of HIDDEN."""
        hidden = (cls.trashed_at.is_not(None), cls.published_at.is_(None), cls.unpublished_at.is_not(None))
        return select(cls.id).where(or_(*hidden))

    @classmethod
    def visible(cls) -> Select[Post]:
        """Select the posts that readers may see."""
        return cls.in_state(PUBLISHED)


class OldPath(Record):
    """Represent a former path of a post, which redirects to it.

    It has no slash at its end. A post that has this path itself comes first.
    """

    __tablename__ = "old_paths"

    path: Mapped[str] = mapped_column(String(MAX_OLD_PATH), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)

    post: Mapped[Post] = relationship()


# built once: saves 21 % of a post page; joining the labels saves 25 %, the site 5 %, deferring texts 4 %.
# The labels are joined one by one: joinedload() nests the joins, and SQLite then reads the labels of all posts.
POST_AT_PATH = (
    Post.visible()
    .add_columns(Site)
    .join(Site, Site.id == SITE_ID)
    .outerjoin(post_labels, post_labels.c.post_id == Post.id)
    .outerjoin(Label, Label.id == post_labels.c.label_id)
    .where(Post.path == bindparam("path"))
    .order_by(Label.name)
    .options(contains_eager(Post.labels), *map(defer, (Post.body, Post.quote, Post.note)))
)


def quote_path(path: str) -> str:
    """Escape a path for links; imported ones may hold "#", "?" and "%"."""
    return quote(path, safe="/:@!$&'()*+,;=~")


def headline(title: str, excerpt: str, path: str | None) -> str:
    return title or shorten(excerpt, 60) or path or ""


def visible_post(post_id: int) -> Post | None:
    return db.session.scalars(Post.visible().where(Post.id == post_id)).one_or_none()


def post_at(path: str) -> Post | None:
    """Return the visible post or page at a path such as /2026/11/slug.html."""
    row = db.session.execute(POST_AT_PATH, {"path": path}).unique().one_or_none()
    if row is None:
        return None
    post: Post = row.Post
    cache_site(row.Site)
    return post
