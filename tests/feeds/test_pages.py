"""Check that pages lead to their feeds."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.factories import a_post
from tests.feeds.reading import read_feed

LINK = re.compile(r'<link rel="alternate" type="([^"]+)" title="([^"]+)"\s+href="([^"]+)">')
SITE = ["/feeds/posts/default", "/feeds/posts/default?alt=rss", "/feeds/comments/default"]


def feeds_of(client: FlaskClient, path: str) -> list[str]:
    return [address for _, _, address in LINK.findall(client.get(path).text)]


def test_every_page_names_the_feeds_of_the_site(client: FlaskClient) -> None:
    post = a_post(labels=("News / daily",))
    assert post.path
    for path in ("/", post.path[:6], "/privacy", "/subscribe", "/nowhere"):
        assert feeds_of(client, path) == SITE, path


def test_page_of_a_label_and_a_post_name_their_own_feeds_first(client: FlaskClient) -> None:
    post = a_post(labels=("News / daily",))
    label, *others = feeds_of(client, "/search/label/News%20/%20daily")
    assert label == "/feeds/posts/default/-/News%20/%20daily"
    assert others == SITE
    assert len(read_feed(client, label).entries) == 1
    assert feeds_of(client, post.address) == [f"/feeds/{post.id}/comments/default", *SITE]


def test_feed_types_are_those_of_the_answers(client: FlaskClient) -> None:
    for media_type, title, address in LINK.findall(client.get("/").text):
        assert client.get(address).mimetype == media_type
        assert title


def test_footer_leads_to_the_explanation_with_every_address(client: FlaskClient) -> None:
    assert '<a href="/subscribe">Subscribe</a>' in client.get("/").text
    page = client.get("/subscribe").text
    addresses = re.findall(r'<input[^>]* value="http://localhost([^"]+)"', page)
    assert len(addresses) == 5
    for address in addresses:
        assert client.get(address).status_code == 200


def test_browsers_get_xml_that_they_show(client: FlaskClient) -> None:
    for query in ("", "?alt=rss"):
        answer = client.get(
            f"/feeds/posts/default{query}", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"}
        )
        assert answer.mimetype == "application/xml"
        assert "Accept" in answer.headers["Vary"]
        style = re.search(r'<\?xml-stylesheet type="text/css" href="([^"]+)"\?>', answer.text)
        assert style
        assert client.get(style[1]).mimetype == "text/css"
        assert '<xhtml:a href="/subscribe">How that works</xhtml:a>' in answer.text
