"""The neutral shape that every export is read into: it knows no format and no database.

Every `ref` names a post or a comment for good (`blogger:post-123`), so that a second import knows what stands.
Texts are HTML as they were exported, not cleaned. Times are aware, with their milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Site:
    """What an export says of the blog itself; "" where it says nothing. `tagline` is plain text.

    `hosted`: the blog stood under a domain of its own, which need not be `host`.
    """

    title: str = ""
    tagline: str = ""
    zone: str = ""
    language: str = ""
    host: str = ""
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A post or a page (`kind`). `path` is its old address on the blog's host; None where it had none."""

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


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `post_ref` and `parent_ref` may name what is not in the export; `anchor` is its old one."""

    ref: str
    post_ref: str | None
    parent_ref: str | None
    name: str
    website: str
    body: str
    at: datetime
    removed: bool
    anchor: str


def no_picture(_address: str) -> bytes | None:
    """The album of an export that brings none."""
    return None


@dataclass(frozen=True, slots=True)
class Archive:
    """An export that was read to its end once and found whole.

    `posts` and `comments` each go through it once more when called, and give every ref once; a parent comes before
    its replies. `total` is how many there are of both. `picture` gives the content of the picture that stood at an
    address, where the export brings it along.

    `doubled` counts the entries left out since their ref came before, `circular` the replies that answer themselves
    through others and are given without their parent, `skipped` by reason the entries that Blogger did not show,
    `unpacked` the labels that stood in one. `mended` are the XML prefixes that nobody had declared.
    """

    site: Site
    posts: Callable[[], Iterator[Post]]
    comments: Callable[[], Iterator[Comment]]
    total: int = 0
    picture: Callable[[str], bytes | None] = no_picture
    doubled: int = 0
    circular: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unpacked: int = 0
    mended: tuple[str, ...] = ()
