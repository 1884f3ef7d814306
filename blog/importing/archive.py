"""Define the neutral form of an export, free of formats and databases.

Every `ref` identifies a post or a comment for good (`blogger:post-123`), so that a second import recognizes it.
Texts are HTML as exported, not sanitized. Times are aware and keep their milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from blog.stored_messages import Message

MAX_SAMPLE = 100


@dataclass(slots=True)
class Sample:
    """Count items and store the first ones, so that memory stays bounded."""

    count: int = 0
    items: list[Message] = field(default_factory=list)

    def add(self, item: Message) -> None:
        self.count += 1
        if len(self.items) < MAX_SAMPLE:
            self.items.append(item)


@dataclass(frozen=True, slots=True)
class Site:
    """Hold what an export says of the blog itself; "" means unknown.

    `tagline` is plain text. `custom_domain`: the blog had a domain of its own, which need not be `host`. `atom_id` is
    the id of the blog's feed.
    """

    title: str = ""
    tagline: str = ""
    zone: str = ""
    language: str = ""
    host: str = ""
    custom_domain: bool = False
    atom_id: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Hold one post or page (`kind`) and its old path, if any.

    `odd_date` is the text of a date that had to be interpreted or replaced. `atom_id` is its id in the blog's feed.
    """

    ref: str
    kind: str
    path: str | None
    title: str
    at: datetime
    updated_at: datetime
    author_name: str
    author_ref: str | None
    labels: tuple[str, ...]
    body: str
    draft: bool
    odd_date: str | None = None
    atom_id: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """Hold one comment. `post_ref` and `parent_ref` may be missing from the export."""

    ref: str
    post_ref: str | None
    parent_ref: str | None
    name: str
    website: str
    body: str
    at: datetime
    removed: bool
    anchor: str
    odd_date: str | None = None


def find_no_picture(_url: str) -> bytes | None:
    """Return None: the export contains no pictures."""
    return None


@dataclass(frozen=True, slots=True)
class Archive:
    """Represent an export that was read once and found complete.

    `posts` and `comments` each read it again when called. They yield every ref once, and parents before replies.
    `total` counts both. `find_picture` returns the content of the picture at a URL, if the export contains it.

    `duplicates`: entries dropped because an earlier one has their ref. `circular_replies`: replies in a cycle, yielded
    without their parent. `skipped`: entries that Blogger did not show, by reason. `combined_labels`: labels that were
    split at their commas. `repaired_prefixes`: XML prefixes that the file used without declaring them. `bad_entries`:
    entries without an id or date, left out. `odd_dates`, `dropped_characters`: entries whose date had to be
    interpreted, and those with characters that XML forbids.
    """

    site: Site
    posts: Callable[[], Iterator[Post]]
    comments: Callable[[], Iterator[Comment]]
    total: int = 0
    find_picture: Callable[[str], bytes | None] = find_no_picture
    duplicates: int = 0
    circular_replies: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    combined_labels: int = 0
    repaired_prefixes: tuple[str, ...] = ()
    bad_entries: Sample = field(default_factory=Sample)
    odd_dates: Sample = field(default_factory=Sample)
    dropped_characters: Sample = field(default_factory=Sample)
