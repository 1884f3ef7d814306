"""Check Atom against RFC 4287, RFC 4685 and what readers make of it."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from blog.db import db, writing
from blog.posts.models import Post
from blog.site.models import current_site
from blog.site.update import change_settings
from tests.factories import a_comment, a_post
from tests.feeds.reading import ATOM, MEDIA, THREAD, link, read_feed, read_xml
from tests.test_routes import a_picture

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_feed_and_entry_have_the_required_elements_once(client: FlaskClient, curated: Post) -> None:
    feed = read_xml(client)
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert DATE.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert (element.findtext(f"{ATOM}id") or "").startswith("tag:")
        alternates = [one for one in element.findall(f"{ATOM}link") if one.get("rel") == "alternate"]
        assert [one.get("type") for one in alternates] == ["text/html"]
    assert len([one for one in feed.findall(f"{ATOM}link") if one.get("rel") == "self"]) == 1
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None


def test_empty_feed_is_valid(client: FlaskClient) -> None:
    feed = read_feed(client)
    assert feed.entries == []
    assert feed.feed.updated
    assert feed.version == "atom10"


def test_entry_has_the_parts_of_the_post_in_the_order_of_its_page(client: FlaskClient, curated: Post) -> None:
    html = read_feed(client).entries[0].content[0].value
    parts = ("heron.png", "The caption", "The credit", "The standfirst.", "The Paper", "The source &amp; more")
    parts += ("The quote.", "The body.", "Read more ....", "The note.")
    page = client.get(curated.address).text
    for text in (html, page.partition("<article")[2].replace(page.partition("<h1")[2].partition("</h1>")[0], "")):
        assert [part for _, part in sorted((text.index(part), part) for part in parts)] == list(parts)


def test_addresses_in_the_text_are_absolute(client: FlaskClient, curated: Post) -> None:
    html = read_xml(client).findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert 'href="http://localhost/p/about.html"' in html
    assert 'src="http://localhost/media/x.jpg"' in html
    assert f'href="http://localhost{curated.path}#post-n1"' in html
    assert '&lt;a href="/literal"&gt;' in html


def test_blog_url_is_the_origin_of_all_addresses(client: FlaskClient, curated: Post, app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://blog.example.org/")
    feed = read_feed(client)
    assert link(feed, "self") == "https://blog.example.org/feeds/posts/default"
    assert feed.entries[0].link == f"https://blog.example.org{curated.path}"
    assert "localhost" not in client.get("/feeds/posts/default").text


def test_entry_names_author_labels_source_and_times(client: FlaskClient, curated: Post) -> None:
    entry = read_feed(client).entries[0]
    assert entry.title == "Herons “return” & stay"
    assert entry.author == "Ed"
    assert [(tag.term, tag.scheme) for tag in entry.tags] == [
        ("Birds", "http://www.blogger.com/atom/ns#"),
        ("Rivers", "http://www.blogger.com/atom/ns#"),
    ]
    related = [one for one in entry.links if one.rel == "related"]
    assert [(one.href, one.title) for one in related] == [("https://paper.example/a?b=1&c=2", "The source & more")]
    assert entry.published == entry.updated == "2026-11-24T12:00:00.000Z"
    assert entry.summary == "The standfirst."


def test_entry_without_author_has_the_feeds(client: FlaskClient) -> None:
    a_post()
    entry = read_xml(client).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.find(f"{ATOM}author") is None


def test_photo_is_an_enclosure_with_its_credit(client: FlaskClient, curated: Post) -> None:
    entry = read_xml(client).find(f"{ATOM}entry")
    assert entry is not None
    enclosure = entry.find(f"{ATOM}link[@rel='enclosure']")
    assert enclosure is not None
    assert enclosure.attrib == {
        "rel": "enclosure",
        "type": "image/png",
        "href": "https://pictures.example/heron.png",
    }
    media = entry.find(f"{MEDIA}content")
    assert media is not None
    assert media.get("medium") == "image"
    assert [(one.tag.removeprefix(MEDIA), one.text) for one in media] == [
        ("title", "The caption"),
        ("description", "A heron"),
        ("credit", "The credit"),
    ]


def test_stored_photo_has_its_size(client: FlaskClient) -> None:
    address = f"/media/{a_picture()}"
    a_post(photo_url=address)
    entry = read_xml(client).find(f"{ATOM}entry")
    assert entry is not None
    enclosure, media = entry.find(f"{ATOM}link[@rel='enclosure']"), entry.find(f"{MEDIA}content")
    assert enclosure is not None
    assert media is not None
    assert enclosure.get("href") == f"http://localhost{address}"
    assert int(enclosure.get("length") or 0) == len(client.get(address).data)
    assert int(media.get("width") or 0) > 0


def test_responses_are_counted_and_linked(client: FlaskClient, curated: Post) -> None:
    a_comment(curated)
    a_comment(curated)
    entry = read_xml(client).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{THREAD}total") == "2"
    replies = [(one.get("type"), one.get("href")) for one in entry.findall(f"{ATOM}link[@rel='replies']")]
    assert replies == [
        ("application/atom+xml", f"http://localhost/feeds/{curated.id}/comments/default"),
        ("text/html", f"http://localhost{curated.path}#responses"),
    ]


def test_summary_feed_has_no_text(client: FlaskClient, curated: Post) -> None:
    entry = read_feed(client, "/feeds/posts/summary").entries[0]
    assert entry.summary == "The standfirst."
    assert read_xml(client, "/feeds/posts/summary").find(f"{ATOM}entry/{ATOM}content") is None
    assert "The body." in client.get("/feeds/posts/full").text


def test_feed_carries_the_sites_words(client: FlaskClient) -> None:
    change_settings({"title": "Herons & <others>", "tagline": "Birds, daily", "language": "pt_BR"})
    feed = read_feed(client)
    assert (feed.feed.title, feed.feed.subtitle) == ("Herons & <others>", "Birds, daily")
    assert 'xml:lang="pt-BR"' in client.get("/feeds/posts/default").text


def test_old_addresses_lead_to_the_feed(client: FlaskClient) -> None:
    for path, target in {"/atom.xml": "/feeds/posts/default", "/rss.xml": "/feeds/posts/default?alt=rss"}.items():
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (301, target)
    assert client.get("/feeds/posts/default/?alt=rss").status_code == 200


def test_entry_never_claims_to_be_older_than_its_publication(client: FlaskClient) -> None:
    post = a_post()
    with writing():
        post.updated_at = current_site().created_at.replace(year=2001)
    db.session.expire_all()
    entry = read_feed(client).entries[0]
    assert entry.updated == entry.published
