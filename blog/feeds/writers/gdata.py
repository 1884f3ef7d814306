"""Write a feed as Blogger's JSON, which widgets of old blogs read.

It is the Atom feed with text in `$t` and ":" as "$". Many widgets take links by their place: the fifth of a post and
the third of a comment is its permalink.
"""

from __future__ import annotations

import json
from typing import Any

from blog.feeds.entries import ATOM_TYPE, HTML_TYPE, Entry, Feed
from blog.feeds.writers.atom_xml import LABEL_SCHEME, NAMESPACES
from blog.feeds.writers.documents import finish, rfc_3339

JSON_TYPE = "application/json"
SCRIPT_TYPE = "text/javascript"
# what would end a script or a line of it
ESCAPES = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"})
Members = dict[str, Any]


def write_gdata(feed: Feed) -> str:
    document = {"version": "1.0", "encoding": "UTF-8", "feed": _feed(feed)}
    return finish(json.dumps(document, ensure_ascii=False).translate(ESCAPES))


def write_gdata_script(feed: Feed, callback: str) -> str:
    """Write a script that calls a function of the page with the feed."""
    return f"// API callback\n{callback}({write_gdata(feed)});"


def _feed(feed: Feed) -> Members:
    links = [_link("self", ATOM_TYPE, feed.url), _link("alternate", HTML_TYPE, feed.home)]
    return {
        **{name.replace("__", "$"): address for name, address in NAMESPACES.items()},
        "id": _text(feed.feed_id),
        "updated": _text(rfc_3339(feed.updated)),
        "title": _text(feed.title, type="text"),
        "subtitle": _text(feed.subtitle, type="html"),
        "link": links + [_link(link.rel, link.media_type, link.href) for link in feed.links],
        "author": [{"name": _text(feed.author)}],
        "generator": _text("Talkback"),
        "openSearch$totalResults": _text(str(feed.total or 0)),
        "openSearch$startIndex": _text(str(feed.start)),
        "openSearch$itemsPerPage": _text(str(feed.size)),
        "entry": [_entry(entry) for entry in feed.entries],
    }


def _entry(entry: Entry) -> Members:
    author = {"name": _text(entry.author), "uri": _text(entry.author_url) if entry.author_url else None}
    photo = entry.photo
    thumbnail = {"url": photo.thumbnail or photo.url, "height": "72", "width": "72"} if photo else None
    members = {
        "id": _text(entry.entry_id),
        "published": _text(rfc_3339(entry.published)),
        "updated": _text(rfc_3339(entry.updated)),
        "category": [{"scheme": LABEL_SCHEME, "term": label} for label in entry.labels],
        "title": _text(entry.title, type="text"),
        "summary": None if entry.html else _text(entry.summary, type="text"),
        "content": _text(entry.html, type="html") if entry.html else None,
        "link": _links(entry),
        "author": [{name: value for name, value in author.items() if value}],
        "media$thumbnail": thumbnail,
        "thr$total": _text(str(entry.response_count)) if entry.responses_feed else None,
        "thr$in-reply-to": _in_reply_to(entry),
    }
    return {name: value for name, value in members.items() if value}


def _links(entry: Entry) -> list[Members]:
    permalinks = [_link(rel, HTML_TYPE, entry.url) | {"title": entry.title} for rel in ("edit", "self", "alternate")]
    if not entry.responses_feed:
        # the first reference is the post, the second the comment above
        return permalinks + [_link("related", HTML_TYPE, parent.url) for parent in entry.references[1:]]
    count = entry.response_count
    feed = _link("replies", ATOM_TYPE, entry.responses_feed) | {"title": "Post Comments"}
    # widgets read the count from this title, so it is not translated
    page = _link("replies", HTML_TYPE, f"{entry.url}#responses") | {"title": f"{count} Comments"}
    return [feed, page, *permalinks]


def _in_reply_to(entry: Entry) -> Members | None:
    if not entry.references:
        return None
    post = entry.references[0]
    reference = {"ref": post.entry_id, "href": post.url, "source": post.feed_url, "type": HTML_TYPE}
    return {"xmlns$thr": NAMESPACES["xmlns__thr"], **reference}


def _link(rel: str, media_type: str, href: str) -> Members:
    return {"rel": rel, "type": media_type, "href": href}


def _text(text: str, **attributes: str) -> Members:
    return {**attributes, "$t": text}
