"""Write a feed as RSS 2.0, with the modules that readers understand.

A source is never RSS's `<source>`: that is the feed from which an item was copied.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from markupsafe import Markup

from blog.feeds.entries import HTML_TYPE, Entry, Feed, Photo
from blog.feeds.writers.atom_xml import write_in_reply_to, write_media
from blog.feeds.writers.documents import DECLARATION, element, finish, optional
from blog.feeds.writers.xml_head import explanation, stylesheet

RSS_TYPE = "application/rss+xml"
NAMESPACES = {
    "xmlns__atom": "http://www.w3.org/2005/Atom",
    "xmlns__content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns__dc": "http://purl.org/dc/elements/1.1/",
    "xmlns__slash": "http://purl.org/rss/1.0/modules/slash/",
    "xmlns__wfw": "http://wellformedweb.org/CommentAPI/",
    "xmlns__thr": "http://purl.org/syndication/thread/1.0",
    "xmlns__media": "http://search.yahoo.com/mrss/",
}


def write_rss(feed: Feed) -> str:
    links = (element("atom:link", rel=link.rel, type=link.media_type, href=link.href) for link in feed.links)
    channel = element(
        "channel",
        element("title", feed.title),
        element("link", feed.home),
        element("description", feed.subtitle or feed.title),
        element("language", feed.language),
        element("lastBuildDate", rfc_822(feed.updated)),
        element("generator", "Talkback"),
        element("atom:id", feed.feed_id),
        element("atom:link", rel="self", type=RSS_TYPE, href=feed.url),
        *links,
        explanation(feed),
        *map(_write_item, feed.entries),
    )
    return finish(f"{DECLARATION}{stylesheet(feed)}{element('rss', channel, version='2.0', **NAMESPACES)}\n")


def _write_item(entry: Entry) -> Markup:
    return element(
        "item",
        element("title", entry.title),
        element("link", entry.url),
        element("guid", entry.entry_id, isPermaLink="false"),
        element("pubDate", rfc_822(entry.published)),
        optional("dc:creator", entry.author),
        *(element("category", label) for label in entry.labels),
        optional("description", entry.summary or entry.html),
        optional("content:encoded", entry.html),
        _write_source(entry),
        _write_comments(entry),
        *map(write_in_reply_to, entry.references),
        _write_photo(entry.photo),
    )


def _write_source(entry: Entry) -> Markup:
    if not entry.source_url:
        return Markup()
    return element("atom:link", rel="related", type=HTML_TYPE, href=entry.source_url, title=entry.source_title)


def _write_comments(entry: Entry) -> Markup:
    if not entry.responses_feed:
        return Markup()
    page, count = element("comments", f"{entry.url}#responses"), element("slash:comments", str(entry.response_count))
    return page + count + element("wfw:commentRss", f"{entry.responses_feed}?alt=rss")


def _write_photo(photo: Photo | None) -> Markup:
    """Write the enclosure, whose length must be there: 0 where it is unknown."""
    if photo is None:
        return Markup()
    attributes = {"url": photo.url, "length": str(photo.byte_count or 0), "type": photo.media_type}
    return element("enclosure", **attributes) + write_media(photo)


def rfc_822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)
