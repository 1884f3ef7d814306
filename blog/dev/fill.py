"""Fill a blog with many fake posts and comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, text

from blog.comments.models import VISIBLE, Comment
from blog.comments.thread.counts import recount_threads
from blog.db import db, now, writing
from blog.dev.fake_text import FakeText
from blog.html.plain_text import shorten
from blog.live.hub import hint
from blog.posts.archive.post_counts import recount_later
from blog.posts.models import POST, Post
from blog.posts.publishing import slugify
from blog.site.models import current_site

YEARS = 15
MAX_DEPTH = 12
# rows in one transaction; a writer waits for one of this size
COMMENT_BATCH_SIZE = 2000
POST_BATCH_SIZE = 50
REPLY_PROBABILITY = 0.55
Row = dict[str, Any]


@dataclass(frozen=True)
class Extent:
    """Set how much to add; the newest post gets `largest` comments.

    The others are distributed at random.
    """

    posts: int
    comments: int
    largest: int = 0


def fill(extent: Extent, seed: int = 1) -> Iterator[int]:
    """Add published posts and visible comments; yield the rows of each batch.

    The same seed gives the same texts and threads. Times are within the last YEARS years and ordered in a thread.
    """
    random = Random(seed)  # noqa: S311
    sizes = choose_sizes(extent, random)
    first_post, first_comment = _next_id(Post), _next_id(Comment)
    numbers, max_indent = count(first_comment), current_site().max_indent
    taken = set(db.session.scalars(select(Post.path).where(Post.path.is_not(None))))
    fake = FakeText(random)
    for start in range(0, extent.posts, POST_BATCH_SIZE):
        posts: list[Row] = []
        comments: list[Row] = []
        for place in range(start, min(start + POST_BATCH_SIZE, extent.posts)):
            at = now() - timedelta(days=YEARS * 365 * place / extent.posts, hours=1)
            posts.append(_make_post(fake, first_post + place, at, taken) | {"thread_version": sizes[place]})
            comments += _make_thread(fake, posts[-1], sizes[place], numbers, max_indent)
        yield from _write(posts, comments)


def choose_sizes(extent: Extent, random: Random) -> list[int]:
    """Choose the number of comments of each post, the newest first.

    Most have few and some have many.
    """
    if not extent.posts:
        return []
    sizes = [extent.largest] + [0] * (extent.posts - 1)
    weights = [random.paretovariate(1.1) for _ in sizes]
    weights[0] = 0 if extent.largest and extent.posts > 1 else weights[0]
    for place in random.choices(range(extent.posts), weights, k=extent.comments - extent.largest):
        sizes[place] += 1
    return sizes


def _next_id(record: type[Post] | type[Comment]) -> int:
    return (db.session.scalar(select(func.max(record.id))) or 0) + 1


def _make_post(fake: FakeText, number: int, at: datetime, taken: set[str | None]) -> Row:
    title = fake.title()
    path = next(path for path in _possible_paths(at, slugify(title)) if path not in taken)
    taken.add(path)
    quote, note = fake.paragraphs(2), fake.paragraphs(1)
    return {
        "id": number, "kind": POST, "path": path, "title": title, "published_at": at, "created_at": at,
        "updated_at": at, "author_name": fake.name(), "source_name": fake.source(),
        "source_title": fake.title(), "source_url": f"https://example.org/{slugify(title)}",
        "quote": quote, "quote_html": fake.html(quote), "note": note, "note_html": fake.html(note),
        "excerpt": shorten(quote, 200),
    }  # fmt: skip


def _possible_paths(at: datetime, slug: str) -> Iterator[str]:
    yield f"/{at:%Y}/{at:%m}/{slug}.html"
    yield from (f"/{at:%Y}/{at:%m}/{slug}_{number}.html" for number in count(2))


def _make_thread(fake: FakeText, post: Row, size: int, numbers: Iterator[int], max_indent: int) -> list[Row]:
    """Make a thread of this size, at most MAX_DEPTH deep.

    Most comments reply to a recent one.
    """
    random, thread = fake.random, list[Row]()
    for version in range(1, size + 1):
        recent = thread[-30:]
        parent = random.choice(recent) if recent and random.random() < REPLY_PROBABILITY else None
        parent = None if parent and parent["depth"] >= MAX_DEPTH - 1 else parent
        at = post["created_at"] + (now() - post["created_at"]) * (version / (size + 1)) * 0.9
        place = Comment(id=next(numbers))
        place.place_under(Comment(**parent) if parent else None, max_indent)
        thread.append(_make_comment(fake, post, version, at, place))
    for comment in thread:
        _root(thread, comment)["branch_count"] += 1
    return thread


def _root(thread: list[Row], comment: Row) -> Row:
    return thread[comment["root_id"] - thread[0]["id"]] if comment["root_id"] else comment


def _make_comment(fake: FakeText, post: Row, version: int, at: datetime, place: Comment) -> Row:
    body = fake.comment()
    return {
        "id": place.id, "post_id": post["id"], "parent_id": place.parent_id, "root_id": place.root_id,
        "display_parent_id": place.display_parent_id, "branch_count": 0, "depth": place.depth, "version": version,
        "status": VISIBLE, "status_at": at, "status_reason": "", "created_at": at, "updated_at": at,
        "name": fake.name(), "email": "", "website": fake.website(),
        "body": body, "body_html": fake.html(body),
    }  # fmt: skip


def _write(posts: list[Row], comments: list[Row]) -> Iterator[int]:
    """Write posts, comments and counts, each batch in its own transaction."""
    yield _insert(Post, posts)
    for start in range(0, len(comments), COMMENT_BATCH_SIZE):
        yield _insert(Comment, comments[start : start + COMMENT_BATCH_SIZE])
    with writing():
        ids = [post["id"] for post in posts]
        recount_threads(db.session.scalars(select(Post).where(Post.id.in_(ids))).all(), root_ids=())
    hint("site")


def _insert(record: type[Post] | type[Comment], rows: list[Row]) -> int:
    with writing():
        db.session.execute(insert(record), rows)
        if record is Post:
            recount_later(*db.session.scalars(select(Post).where(Post.id.in_([row["id"] for row in rows]))))
        if db.engine.dialect.name == "postgresql":  # explicit ids do not advance its sequences
            name = record.__tablename__
            sequence, highest = f"pg_get_serial_sequence('{name}', 'id')", f"(SELECT max(id) FROM {name})"  # noqa: S608
            db.session.execute(text(f"SELECT setval({sequence}, {highest})"))
    return len(rows)
