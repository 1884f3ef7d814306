"""Write a feed as Atom (RFC 4287), with threads (RFC 4685) and Media RSS."""

from __future__ import annotations

from markupsafe import Markup

from blog.feeds.entries import ATOM_TYPE, HTML_TYPE, Entry, Feed, Photo, Reference
from blog.feeds.writers.documents import DECLARATION, element, finish, optional, rfc_3339
from blog.feeds.writers.xml_head import explanation, stylesheet

LABEL_SCHEME = "http://www.blogger.com/atom/ns#"
NAMESPACES = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns__openSearch": "http://a9.com/-/spec/opensearchrss/1.0/",
    "xmlns__thr": "http://purl.org/syndication/thread/1.0",
    "xmlns__media": "http://search.yahoo.com/mrss/",
}


def write_atom(feed: Feed) -> str:
    links = (element("link", rel=link.rel, type=link.media_type, href=link.href) for link in feed.links)
    document = element(
        "feed",
        element("id", feed.feed_id),
        element("updated", rfc_3339(feed.updated)),
        element("title", feed.title, type="text"),
        optional("subtitle", feed.subtitle, type="text"),
        element("link", rel="self", type=ATOM_TYPE, href=feed.url),
        element("link", rel="alternate", type=HTML_TYPE, href=feed.home),
        *links,
        element("author", element("name", feed.author)),
        element("generator", "Talkback"),
        optional("openSearch:startIndex", feed.start),
        optional("openSearch:itemsPerPage", feed.size),
        explanation(feed),
        *map(_write_entry, feed.entries),
        **NAMESPACES,
        xml__lang=feed.language,
    )
    return finish(f"{DECLARATION}{stylesheet(feed)}{document}\n")


def _write_entry(entry: Entry) -> Markup:
    return element(
        "entry",
        element("id", entry.entry_id),
        element("published", rfc_3339(entry.published)),
        element("updated", rfc_3339(entry.updated)),
        *(element("category", scheme=LABEL_SCHEME, term=label) for label in entry.labels),
        element("title", entry.title, type="text"),
        optional("summary", entry.summary, type="text"),
        optional("content", entry.html, type="html"),
        element("link", rel="alternate", type=HTML_TYPE, href=entry.url, title=entry.title),
        _write_replies(entry),
        _write_source(entry),
        *map(write_in_reply_to, entry.references),
        _write_author(entry),
        _write_photo(entry.photo),
    )


def _write_author(entry: Entry) -> Markup:
    """Write the author; without one the feed's counts."""
    if not entry.author:
        return Markup()
    return element("author", element("name", entry.author), optional("uri", entry.author_url))


def _write_replies(entry: Entry) -> Markup:
    if not entry.responses_feed:
        return Markup()
    count = entry.response_count
    feed = element("link", rel="replies", type=ATOM_TYPE, href=entry.responses_feed, thr__count=count)
    page = element("link", rel="replies", type=HTML_TYPE, href=f"{entry.url}#responses", thr__count=count)
    return feed + page + element("thr:total", str(count))


def _write_source(entry: Entry) -> Markup:
    if not entry.source_url:
        return Markup()
    return element("link", rel="related", type=HTML_TYPE, href=entry.source_url, title=entry.source_title)


def write_in_reply_to(reference: Reference) -> Markup:
    return element(
        "thr:in-reply-to", ref=reference.entry_id, href=reference.url, type=HTML_TYPE, source=reference.feed_url
    )


def _write_photo(photo: Photo | None) -> Markup:
    if photo is None:
        return Markup()
    link = element("link", rel="enclosure", type=photo.media_type, href=photo.url, length=photo.byte_count)
    return link + write_media(photo)


def write_media(photo: Photo) -> Markup:
    """Write the photo as Media RSS, with its credit, caption and description."""
    thumbnail = element("media:thumbnail", url=photo.thumbnail) if photo.thumbnail else Markup()
    size = {"width": photo.width, "height": photo.height, "fileSize": photo.byte_count}
    content = element(
        "media:content",
        optional("media:title", photo.caption, type="plain"),
        optional("media:description", photo.alt, type="plain"),
        optional("media:credit", photo.credit),
        url=photo.url,
        type=photo.media_type,
        medium="image",
        **size,
    )
    return content + thumbnail
