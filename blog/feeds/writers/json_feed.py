"""Write a feed as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from typing import Any

from blog.feeds.entries import Entry, Feed, Photo
from blog.feeds.writers.documents import finish, rfc_3339

JSON_FEED_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def write_json_feed(feed: Feed) -> str:
    following = next((link.href for link in feed.links if link.rel == "next"), "")
    members = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
        "description": feed.subtitle,
        "next_url": following,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "hubs": [{"type": "WebSub", "url": link.href} for link in feed.links if link.rel == "hub"],
        "items": [_item(entry) for entry in feed.entries],
    }
    document = {name: value for name, value in members.items() if value or name == "items"}
    return finish(json.dumps(document, ensure_ascii=False))


def _item(entry: Entry) -> dict[str, Any]:
    photo = entry.photo
    item = {
        "id": entry.entry_id,
        "url": entry.url,
        "external_url": entry.source_url,
        "title": entry.title,
        "summary": entry.summary if entry.html else "",
        "image": photo.url if photo else "",
        "date_published": rfc_3339(entry.published),
        "date_modified": rfc_3339(entry.updated),
        "authors": [_author(entry)] if entry.author else [],
        "tags": list(entry.labels),
        "attachments": [_attachment(photo)] if photo else [],
        # an item needs a content
        "content_text": "" if entry.html else entry.summary or entry.title,
        "content_html": entry.html,
    }
    return {name: value for name, value in item.items() if value}


def _author(entry: Entry) -> dict[str, str]:
    return {"name": entry.author, "url": entry.author_url} if entry.author_url else {"name": entry.author}


def _attachment(photo: Photo) -> dict[str, Any]:
    members = {
        "url": photo.url,
        "mime_type": photo.media_type,
        "title": photo.credit,
        "size_in_bytes": photo.byte_count,
    }
    return {name: value for name, value in members.items() if value}
