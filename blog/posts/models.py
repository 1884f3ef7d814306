"""Posts, pages and their labels."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, Select, String, Table, Text, bindparam, select
from sqlalchemy.orm import Mapped, defer, joinedload, mapped_column, relationship

from blog.db import Base, Record, db, now
from blog.site.models import SITE_ID, Site, cache_site

POST = "post"
PAGE = "page"

DRAFT = "draft"
PUBLISHED = "published"
UNPUBLISHED = "unpublished"
TRASHED = "trashed"

post_labels = Table(
    "post_labels",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Label(Record):
    __tablename__ = "labels"

    name: Mapped[str] = mapped_column(String(200), unique=True)

    def __str__(self) -> str:
        return self.name


class Post(Record):
    """A post, or a page (a post without a date). What was typed stands beside what is shown, which was cleaned once.

    `path` is frozen at the first publication. `comment_count` is how many responses are visible, `top_count` how many
    branches show one; `comment_rule` is the post's own in place of the site's. `thread_version` rises with each change
    of the thread, `site_version` is the site's version at the last change of what home shows of this post.
    `updated_at` is when an editor changed it: the acts set it, since a reader's answer is no change of the post.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_newest", "kind", "published_at", "id"),
        Index("ix_posts_changed", "kind", "updated_at", "id"),
    )

    updated_at: Mapped[datetime] = mapped_column(default=now)
    kind: Mapped[str] = mapped_column(String(8), default=POST)
    path: Mapped[str | None] = mapped_column(String(300), unique=True)
    title: Mapped[str] = mapped_column(String(500), default="")
    published_at: Mapped[datetime | None]
    author_name: Mapped[str] = mapped_column(String(200), default="")
    author_ref: Mapped[str | None] = mapped_column(String(500))

    standfirst: Mapped[str] = mapped_column(Text, default="")
    photo_url: Mapped[str] = mapped_column(String(2000), default="")
    photo_alt: Mapped[str] = mapped_column(String(1000), default="")
    photo_caption: Mapped[str] = mapped_column(Text, default="")
    photo_credit: Mapped[str] = mapped_column(String(500), default="")
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

    unpublished_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    comments_closed_at: Mapped[datetime | None]
    comment_rule: Mapped[str | None] = mapped_column(String(10))
    comment_count: Mapped[int] = mapped_column(default=0)
    top_count: Mapped[int] = mapped_column(default=0)
    thread_version: Mapped[int] = mapped_column(default=0)
    site_version: Mapped[int] = mapped_column(default=0, index=True)
    import_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    submission_key: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)

    labels: Mapped[list[Label]] = relationship(secondary=post_labels, order_by=Label.name, lazy="selectin")

    @property
    def headline(self) -> str:
        """The title; an untitled post goes by the beginning of its text."""
        return headline(self.title, self.excerpt, self.path)

    @property
    def published(self) -> bool:
        return self.state == PUBLISHED

    @property
    def state(self) -> str:
        """One of trashed, unpublished, published and draft."""
        if self.trashed_at is not None:
            return TRASHED
        if self.published_at is None:
            return DRAFT
        return PUBLISHED if self.unpublished_at is None else UNPUBLISHED

    def publish(self, path: str, at: datetime) -> None:
        """Show it to everyone; the path and the time of the first publication stay."""
        self.path = self.path or path
        self.published_at = self.published_at or at
        self.unpublished_at = None

    def unpublish(self) -> None:
        """Show it to nobody; its address says that it is gone."""
        self.unpublished_at = now()

    def trash(self) -> None:
        self.trashed_at = now()

    def restore(self) -> None:
        """Out of the trash, into the state that it had before."""
        self.trashed_at = None

    def closed(self, after_days: int | None, at: datetime) -> bool:
        """Whether its thread takes no more responses: by hand, or by the site's rule of so many days."""
        if self.comments_closed_at is not None:
            return True
        return bool(after_days and self.published_at and at > self.published_at + timedelta(days=after_days))

    @classmethod
    def in_state(cls, state: str) -> Select[Post]:
        """The posts of one state, for the desk."""
        out_of_trash = cls.trashed_at.is_(None)
        rules: dict[str, tuple[ColumnElement[bool], ...]] = {
            TRASHED: (cls.trashed_at.is_not(None),),
            DRAFT: (out_of_trash, cls.published_at.is_(None)),
            PUBLISHED: (out_of_trash, cls.published_at.is_not(None), cls.unpublished_at.is_(None)),
            UNPUBLISHED: (out_of_trash, cls.published_at.is_not(None), cls.unpublished_at.is_not(None)),
        }
        return select(cls).where(*rules[state])

    @classmethod
    def visible(cls) -> Select[Post]:
        """What a reader may see."""
        return cls.in_state(PUBLISHED)


# built once, since building a query takes longer than running it; with the site, which every page shows
AT_PATH = (
    Post.visible()
    .add_columns(Site)
    .join(Site, Site.id == SITE_ID)
    .where(Post.path == bindparam("path"))
    .options(joinedload(Post.labels), *map(defer, (Post.body, Post.quote, Post.note)))
)


def headline(title: str, excerpt: str, path: str | None) -> str:
    return title or excerpt[:60].strip() or path or ""


def visible_post(post_id: int) -> Post | None:
    return db.session.scalars(Post.visible().where(Post.id == post_id)).one_or_none()


def post_at(path: str) -> Post | None:
    """The visible post or page at a path such as /2026/11/slug.html."""
    found = db.session.execute(AT_PATH, {"path": path}).unique().one_or_none()
    if found is None:
        return None
    post: Post = found.Post
    cache_site(found.Site)
    return post
