"""Filling a blog with invented posts and comments, to see how it behaves when it is large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, text

from blog.comments.models import VISIBLE, Comment
from blog.comments.thread.counts import recount_posts
from blog.db import db, now, writing
from blog.dev.fake_text import Invention
from blog.live.hub import hint
from blog.posts.models import POST, Post
from blog.posts.publishing import slugify
from blog.site.models import current_site

YEARS = 15
DEEPEST = 12
# how many rows one act writes: a reader who answers meanwhile waits for no more than this
AT_ONCE = 2000
POSTS_AT_ONCE = 50
REPLIES = 0.55
Row = dict[str, Any]


@dataclass(frozen=True)
class Extent:
    """How much: `largest` of the comments stand under the newest post, the rest as chance has it."""

    posts: int
    comments: int
    largest: int = 0


def fill(extent: Extent, seed: int = 1) -> Iterator[int]:
    """Add so many published posts and visible comments; yields how many rows were written since the last time.

    The same seed gives the same texts and threads. Times lie in the last YEARS years, those of a thread in its order.
    """
    chance = Random(seed)  # noqa: S311
    sizes = sizes_of(extent, chance)
    first_post, first_comment = _free(Post), _free(Comment)
    numbers, max_indent = count(first_comment), current_site().max_indent
    taken = set(db.session.scalars(select(Post.path).where(Post.path.is_not(None))))
    invention = Invention(chance)
    for start in range(0, extent.posts, POSTS_AT_ONCE):
        posts: list[Row] = []
        comments: list[Row] = []
        for place in range(start, min(start + POSTS_AT_ONCE, extent.posts)):
            at = now() - timedelta(days=YEARS * 365 * place / extent.posts, hours=1)
            posts.append(_post(invention, first_post + place, at, taken) | {"thread_version": sizes[place]})
            comments += _thread(invention, posts[-1], sizes[place], numbers, max_indent)
        yield from _write(posts, comments)


def sizes_of(extent: Extent, chance: Random) -> list[int]:
    """How many comments each post has, the newest first; most have few and some have many."""
    if not extent.posts:
        return []
    sizes = [extent.largest] + [0] * (extent.posts - 1)
    weights = [chance.paretovariate(1.1) for _ in sizes]
    weights[0] = 0 if extent.largest and extent.posts > 1 else weights[0]
    for place in chance.choices(range(extent.posts), weights, k=extent.comments - extent.largest):
        sizes[place] += 1
    return sizes


def _free(record: type[Post] | type[Comment]) -> int:
    return (db.session.scalar(select(func.max(record.id))) or 0) + 1


def _post(invention: Invention, number: int, at: datetime, taken: set[str | None]) -> Row:
    title = invention.title()
    path = next(path for path in _paths(at, slugify(title)) if path not in taken)
    taken.add(path)
    quote, note = invention.paragraphs(2), invention.paragraphs(1)
    return {
        "id": number, "kind": POST, "path": path, "title": title, "published_at": at, "created_at": at,
        "updated_at": at, "author_name": invention.name(), "source_name": invention.source(),
        "source_title": invention.title(), "source_url": f"https://example.org/{slugify(title)}",
        "quote": quote, "quote_html": invention.html(quote), "note": note, "note_html": invention.html(note),
        "excerpt": quote[:200],
    }  # fmt: skip


def _paths(at: datetime, slug: str) -> Iterator[str]:
    yield f"/{at:%Y}/{at:%m}/{slug}.html"
    yield from (f"/{at:%Y}/{at:%m}/{slug}_{number}.html" for number in count(2))


def _thread(invention: Invention, post: Row, size: int, numbers: Iterator[int], max_indent: int) -> list[Row]:
    """A thread of this size: most answer somebody who wrote lately, and it goes DEEPEST deep where it is long."""
    chance, thread = invention.chance, list[Row]()
    for version in range(1, size + 1):
        late = thread[-30:]
        parent = chance.choice(late) if late and chance.random() < REPLIES else None
        parent = None if parent and parent["depth"] >= DEEPEST - 1 else parent
        at = post["created_at"] + (now() - post["created_at"]) * (version / (size + 1)) * 0.9
        place = Comment(id=next(numbers))
        place.place_under(Comment(**parent) if parent else None, max_indent)
        thread.append(_comment(invention, post, version, at, place))
    for comment in thread:
        _top(thread, comment)["branch_count"] += 1
    return thread


def _top(thread: list[Row], comment: Row) -> Row:
    return thread[comment["root_id"] - thread[0]["id"]] if comment["root_id"] else comment


def _comment(invention: Invention, post: Row, version: int, at: datetime, place: Comment) -> Row:
    body = invention.answer()
    return {
        "id": place.id, "post_id": post["id"], "parent_id": place.parent_id, "root_id": place.root_id,
        "display_parent_id": place.display_parent_id, "branch_count": 0, "depth": place.depth, "version": version,
        "status": VISIBLE, "status_at": at, "status_reason": "", "created_at": at, "updated_at": at,
        "name": invention.name(), "email": "", "website": invention.website(),
        "body": body, "body_html": invention.html(body),
    }  # fmt: skip


def _write(posts: list[Row], comments: list[Row]) -> Iterator[int]:
    """The posts, then what stands under them, then the counts: each part in an act of its own."""
    yield _insert(Post, posts)
    for start in range(0, len(comments), AT_ONCE):
        yield _insert(Comment, comments[start : start + AT_ONCE])
    with writing():
        recount_posts([post["id"] for post in posts])
    hint("site")


def _insert(record: type[Post] | type[Comment], rows: list[Row]) -> int:
    with writing():
        db.session.execute(insert(record), rows)
        if db.engine.dialect.name == "postgresql":  # which does not see that ids were given by hand
            name = record.__tablename__
            sequence, highest = f"pg_get_serial_sequence('{name}', 'id')", f"(SELECT max(id) FROM {name})"  # noqa: S608
            db.session.execute(text(f"SELECT setval({sequence}, {highest})"))
    return len(rows)
