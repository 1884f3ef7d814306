"""Check JSON Feed 1.1, and Blogger's JSON by what widgets of old blogs do with it."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.feeds.reading import read_feed, read_json

JSON_FEED = "/feeds/posts/default?alt=jsonfeed"
GDATA = "/feeds/posts/default?alt=json"
SCRIPT = "/feeds/posts/default?alt=json-in-script"


def test_json_feed_has_the_required_members(client: FlaskClient, curated: Post) -> None:
    feed = read_json(client, JSON_FEED)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == f"http://localhost{JSON_FEED}"
    assert client.get(JSON_FEED).mimetype == "application/feed+json"
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item.get("content_html") or item.get("content_text")


def test_json_feed_item_has_what_the_post_has(client: FlaskClient, curated: Post) -> None:
    item = read_json(client, JSON_FEED)["items"][0]
    assert item["url"] == f"http://localhost{curated.path}"
    assert item["external_url"] == "https://paper.example/a?b=1&c=2"
    assert item["image"] == "https://pictures.example/heron.png"
    assert item["attachments"] == [
        {"url": "https://pictures.example/heron.png", "mime_type": "image/png", "title": "The credit"}
    ]
    assert item["tags"] == ["Birds", "Rivers"]
    assert item["authors"] == [{"name": "Ed"}]
    assert item["date_published"] == item["date_modified"] == "2026-11-24T12:00:00.000Z"
    assert "The body." in item["content_html"]


def test_empty_json_feed_has_items(client: FlaskClient) -> None:
    assert read_json(client, JSON_FEED)["items"] == []


def test_json_feed_leads_to_its_next_page(client: FlaskClient) -> None:
    for number in range(3):
        a_post(f"Post {number}")
    feed, found = read_json(client, f"{JSON_FEED}&max-results=2"), []
    found += feed["items"]
    feed = read_json(client, feed["next_url"].removeprefix("http://localhost"))
    assert [item["title"] for item in found + feed["items"]] == ["Post 2", "Post 1", "Post 0"]
    assert "next_url" not in feed


def test_summary_has_a_text_in_json_feed(client: FlaskClient, curated: Post) -> None:
    assert read_json(client, "/feeds/posts/summary?alt=jsonfeed")["items"][0]["content_text"] == "The standfirst."


def test_widget_of_recent_posts_finds_titles_links_and_counts(client: FlaskClient, curated: Post) -> None:
    a_comment(curated)
    feed = read_json(client, GDATA)["feed"]
    assert feed["openSearch$totalResults"]["$t"] == "1"
    entry = feed["entry"][0]
    assert entry["title"] == {"type": "text", "$t": "Herons “return” & stay"}
    permalinks = [link["href"] for link in entry["link"] if link["rel"] == "alternate"]
    assert permalinks == [entry["link"][4]["href"]] == [f"http://localhost{curated.path}"]
    replies = [link for link in entry["link"] if link["rel"] == "replies" and link["type"] == "text/html"]
    assert replies[0]["title"].split(" ")[0] == entry["thr$total"]["$t"] == "1"
    assert entry["published"]["$t"][:10] == "2026-11-24"
    assert entry["author"][0]["name"]["$t"] == "Ed"
    assert entry["media$thumbnail"]["url"] == "https://pictures.example/heron.png"
    assert [label["term"] for label in entry["category"]] == ["Birds", "Rivers"]
    assert "The body." in entry["content"]["$t"]
    assert re.fullmatch(r".*\.post-(\d+)", entry["id"]["$t"])


def test_widget_of_recent_comments_finds_texts_and_permalinks(client: FlaskClient, curated: Post) -> None:
    comment = a_comment(curated, "Seen one *today*.", name="Bea", website="https://bea.example")
    reply = a_comment(curated, "Me too.", comment)
    feed = read_json(client, "/feeds/comments/default?alt=json")["feed"]
    entries = feed["entry"]
    assert [entry["title"]["$t"] for entry in entries] == ["Me too.", "Seen one today."]
    assert [entry["link"][2]["href"] for entry in entries] == [
        f"http://localhost/posts/{curated.id}/comments/{one.id}" for one in (reply, comment)
    ]
    assert entries[0]["link"][3] == {"rel": "related", "type": "text/html", "href": entries[1]["link"][2]["href"]}
    assert entries[1]["author"][0] == {"name": {"$t": "Bea"}, "uri": {"$t": "https://bea.example"}}
    assert entries[0]["thr$in-reply-to"]["ref"] == read_feed(client).entries[0].id


def test_json_has_the_entries_of_atom(client: FlaskClient, curated: Post) -> None:
    a_post()
    ids = [entry.id for entry in read_feed(client).entries]
    assert [entry["id"]["$t"] for entry in read_json(client, GDATA)["feed"]["entry"]] == ids
    assert [item["id"] for item in read_json(client, JSON_FEED)["items"]] == ids


def test_script_calls_the_function(client: FlaskClient, curated: Post) -> None:
    answer = client.get(f"{SCRIPT}&callback=widgets.show")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    call = re.fullmatch(r"// API callback\nwidgets\.show\((.*)\);", answer.text)
    assert call
    assert json.loads(call[1])["feed"]["entry"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "alert(1)//",
        "a;b",
        "a-b",
        "1a",
        "a..b",
        "a.",
        ".a",
        "a b",
        "a\n",
        "a\u2028",
        "é",
        "a" * 101,
        "<script>",
        "a/*",
    ],
)
def test_callback_is_a_name_and_nothing_else(client: FlaskClient, name: str) -> None:
    answer = client.get("/feeds/posts/default", query_string={"callback": name, "alt": "json-in-script"})
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


def test_script_cannot_be_ended_by_a_text(client: FlaskClient) -> None:
    a_post("</script><script>alert(1)</script>\u2028", body="<p>]]&gt; \u2029 <b>x</b></p>")
    answer = client.get(f"{SCRIPT}&callback=show").text
    assert not {"<", "\u2028", "\u2029"}.intersection(answer)
