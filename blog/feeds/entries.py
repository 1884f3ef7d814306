"""Define the neutral form of a feed, which one writer per format turns into text.

All addresses are absolute, texts are plain unless their name ends in `html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HTML_TYPE = "text/html"
ATOM_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class Link:
    """Hold a link of a feed's head, such as `self`, `next` or `hub`."""

    rel: str
    href: str
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Photo:
    """Hold the lead photo; sizes are pixels and bytes, None if unknown."""

    url: str
    media_type: str
    byte_count: int | None = None
    width: int | None = None
    height: int | None = None
    alt: str = ""
    caption: str = ""
    credit: str = ""
    thumbnail: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Name the post or comment that a comment answers."""

    entry_id: str
    url: str
    feed_url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one post or comment.

    `html` is "" in a summary. `responses_feed` is "" for comments, `references` is () for posts, the post first for
    comments.
    """

    entry_id: str
    title: str
    url: str
    published: datetime
    updated: datetime
    author: str = ""
    author_url: str = ""
    labels: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    photo: Photo | None = None
    source_title: str = ""
    source_url: str = ""
    response_count: int = 0
    responses_feed: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """Hold a page of a feed.

    `links` has all but the two that every feed needs: `url`, its own address in this format, and `home`, the page that
    it stands for. `start` and `total` are None where they would have to be counted.
    """

    feed_id: str
    title: str
    subtitle: str
    language: str
    author: str
    home: str
    url: str
    updated: datetime
    entries: tuple[Entry, ...]
    links: tuple[Link, ...] = ()
    start: int | None = 1
    size: int = 25
    total: int | None = None
    explanation_url: str = ""
    explanation: str = ""
    explanation_link: str = ""
    stylesheet: str = ""
