"""Build the absolute addresses in feeds."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from blog.feeds.entries import Link
from blog.feeds.websub import hub_of

POSTS_PATH = "/feeds/posts/default"
COMMENTS_PATH = "/feeds/comments/default"
# where a page of the feed begins
POSITIONS = ("start-index", "after", "before")


@dataclass(frozen=True)
class Place:
    """Hold the address of a feed in parts, and its media type."""

    origin: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    media_type: str = ""

    @property
    def url(self) -> str:
        return self._page(self.query)

    def absolute(self, address: str) -> str:
        """Return an address of this site or another as an absolute one."""
        return f"{self.origin}{address}" if address.startswith("/") else address

    def page(self, name: str = "", key: str = "") -> str:
        """Return the address of the page after or before a key, or of the first."""
        pairs = [pair for pair in self.query if pair[0] not in POSITIONS]
        return self._page([*pairs, (name, key)] if name else pairs)

    def _page(self, pairs: object) -> str:
        query = urlencode(pairs)  # type: ignore[arg-type]
        return f"{self.origin}{self.path}{'?' if query else ''}{query}"


def head_links(place: Place, older: str | None, newer: str | None) -> tuple[Link, ...]:
    """Return the links in the head of every feed, besides `self` and `alternate`.

    The feed is paged as RFC 5005 has it: `next` leads to older entries.
    """
    links = [("first", place.page())] if newer else []
    links += [("previous", place.page("before", newer))] if newer else []
    links += [("next", place.page("after", older))] if older else []
    hub = hub_of(place.url)
    return (*(Link(rel, href, place.media_type) for rel, href in links), *([Link("hub", hub)] if hub else []))


def post_comments_path(post_id: int) -> str:
    return f"/feeds/{post_id}/comments/default"
