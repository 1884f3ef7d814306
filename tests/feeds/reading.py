"""Read feeds as programs do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import feedparser
from flask.testing import FlaskClient

ATOM = "{http://www.w3.org/2005/Atom}"
THREAD = "{http://purl.org/syndication/thread/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"


def read_feed(client: FlaskClient, address: str = "/feeds/posts/default") -> Any:
    """Fetch a feed and parse it by feedparser, which must have nothing to complain about."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    feed = feedparser.parse(answer.data, response_headers={"content-type": answer.headers["Content-Type"]})
    assert not feed.bozo, feed.bozo_exception
    return feed


def read_xml(client: FlaskClient, address: str = "/feeds/posts/default") -> Element:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return fromstring(answer.data)


def read_json(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def titles(client: FlaskClient, address: str = "/feeds/posts/default") -> list[str]:
    return [entry.title for entry in read_feed(client, address).entries]


def link(feed: Any, relation: str) -> str | None:
    """Return the address of a link in the head of a feed."""
    return next((one.href for one in feed.feed.links if one.rel == relation), None)


def pages(client: FlaskClient, address: str, relation: str = "next") -> Iterator[Any]:
    """Follow the links from page to page."""
    following: str | None = address
    while following:
        feed = read_feed(client, following.removeprefix("http://localhost"))
        yield feed
        following = link(feed, relation)
