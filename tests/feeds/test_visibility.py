"""Check that feeds show what readers may see, and that texts cannot break them."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from blog.comments.changes import changing_threads
from blog.comments.models import Comment
from blog.db import db, now, writing
from blog.posts.models import PAGE, Post
from blog.posts.publishing import restore_post, trash_post, unpublish_post
from blog.site.update import change_settings
from tests.factories import a_comment, a_post
from tests.feeds.reading import link, pages, read_feed, read_json, titles

FORMATS = ("atom", "rss", "jsonfeed", "json")
FEEDS = (
    "posts/default",
    "posts/summary",
    "posts/default/-/Birds",
    "authors/Ed",
    "comments/default",
    "comments/summary",
)
HOSTILE = "\"'<script>alert(1)</script>]]>&amp;&lt;\u202e\u2028\ufffe\ufdd0"


def everything(client: FlaskClient) -> str:
    """Return all feeds in all formats."""
    return "".join(client.get(f"/feeds/{feed}?alt={name}").text for feed in FEEDS for name in FORMATS)


def test_hidden_posts_and_their_responses_are_in_no_feed(client: FlaskClient) -> None:
    fields = {"labels": ("Birds",), "author_name": "Ed", "body": "<p>Secret text</p>"}
    a_post("Visible", labels=("Birds",), author_name="Ed")
    a_post("Secret draft", draft=True, **fields)  # type: ignore[arg-type]
    unpublished, trashed = a_post("Secret one", **fields), a_post("Secret two", **fields)  # type: ignore[arg-type]
    for post in (unpublished, trashed):
        a_comment(post, "Secret response.", name="Secret name")
    assert everything(client).count("Secret") > 10
    unpublish_post(unpublished.id)
    trash_post(trashed.id)
    assert "Secret" not in everything(client)
    assert [client.get(f"/feeds/{post.id}/comments/default").status_code for post in (unpublished, trashed)] == [
        404,
        404,
    ]
    restore_post(trashed.id)
    assert titles(client) == ["Secret two", "Visible"]


def test_hidden_responses_are_in_no_feed(client: FlaskClient) -> None:
    post = a_post()
    parent = a_comment(post, "Secret parent.", name="Secret name")
    a_comment(post, "A visible reply.", parent)
    for verb in ("hold", "mark_as_spam", "remove"):
        with changing_threads():
            getattr(db.session.get_one(Comment, parent.id), verb)()
        text = everything(client) + client.get(f"/feeds/{post.id}/comments/default").text
        assert "Secret" not in text
        assert f"comment-{parent.id}<" not in text
        assert f'/comments/{parent.id}"' not in text
        assert "A visible reply." in text


def test_pages_and_scheduled_posts_are_no_entries(client: FlaskClient) -> None:
    a_post("About", kind=PAGE)
    a_post("Post")
    assert titles(client) == ["Post"]


def test_author_without_visible_posts_is_not_found(client: FlaskClient) -> None:
    post = a_post(author_name="Ed / Éd & co")
    a_post(author_name="Bea")
    assert len(titles(client, "/feeds/authors/Ed%20%2F%20%C3%89d%20%26%20co")) == 1
    unpublish_post(post.id)
    assert client.get("/feeds/authors/Ed%20%2F%20%C3%89d%20%26%20co").status_code == 404
    assert client.get("/feeds/authors/").status_code == 404
    assert client.get("/feeds/authors/x%00").status_code == 404


def test_labels_select_posts_that_have_all(client: FlaskClient) -> None:
    for title, labels in {"one": ("A",), "two": ("A", "B/C"), "three": ("B/C", "/D?#"), "four": ("B",)}.items():
        a_post(title, labels=labels)
    for path, found in {
        "A": ["two", "one"],
        "B/C": ["three", "two"],
        "B%2FC": ["three", "two"],
        "A/B/C": ["two"],
        "B/C/A": ["two"],
        "A/A": ["two", "one"],
        "/D%3F%23": ["three"],
        "B": ["four"],
        "A/" * 200: ["two", "one"],
    }.items():
        assert titles(client, f"/feeds/posts/default/-/{path}") == found, path
    for path in ("C", "A/missing", "a", "A/B", "x/" * 3000, "%00"):
        assert client.get(f"/feeds/posts/default/-/{path}").status_code == 404, path
    assert titles(client, "/feeds/posts/default/-/A?published-max=2001-01-01") == []


def test_common_label_is_followed_by_time(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.posts.labels.MAX_SORTED", 2)
    for number in range(7):
        a_post(f"Post {number}", labels=("A", "B") if number % 2 else ("A",))
    for path, count in {"A": 7, "B": 3, "A/B": 3}.items():
        found = [
            entry.id for page in pages(client, f"/feeds/posts/default/-/{path}?max-results=2") for entry in page.entries
        ]
        assert len(found) == len(set(found)) == count


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_texts_stay_texts(client: FlaskClient, name: str) -> None:
    change_settings({"title": HOSTILE, "tagline": HOSTILE})
    texts = ("title", "standfirst", "quote", "note", "author_name", "source_name", "source_title")
    texts += ("photo_caption", "photo_alt", "photo_credit")
    fields = dict.fromkeys(texts, HOSTILE) | {
        "source_url": f"https://x.example/?{HOSTILE}",
        "photo_url": f"/media/{HOSTILE}",
    }
    post = a_post(labels=(HOSTILE, "w" * 200), body=f"<p title='{HOSTILE[2:]}'>{HOSTILE}</p>{'long ' * 500}", **fields)  # type: ignore[arg-type]
    comment = a_comment(post)
    with changing_threads():
        comment = db.session.get_one(Comment, comment.id)
        comment.name = comment.website = HOSTILE
    for feed in ("/feeds/posts/default", "/feeds/comments/default", f"/feeds/{post.id}/comments/default"):
        address = f"{feed}?alt={name}"
        if "json" in name:
            assert "alert(1)" in json.dumps(read_json(client, address))
        else:
            found = read_feed(client, address)
            assert "<script>alert(1)" in found.feed.title + found.entries[0].title
        assert not re.search("[\x00-\x08\ufffe\uffff\ud800-\udfff]", client.get(address).text)


def test_characters_that_xml_forbids_are_dropped(client: FlaskClient) -> None:
    post = a_post("Title")
    with writing():
        stored = db.session.get_one(Post, post.id)
        stored.title, stored.body_html = "A\x01\x0b\x1f\ufffe\uffffB", "<p>C\x02\x7f\x85D</p>"
    for address in ("/feeds/posts/default", "/feeds/posts/default?alt=rss"):
        assert read_feed(client, address).entries[0].title == "AB"
    assert read_json(client, "/feeds/posts/default?alt=json")["feed"]["entry"][0]["title"]["$t"] == "A\x01\x0b\x1fB"


def test_texts_with_numbers_of_lines_and_old_times_are_valid(client: FlaskClient) -> None:
    a_post("Old", published_at=now().replace(year=1001))
    a_post("Zone", published_at=now() - timedelta(days=1), body="<pre>a\r\nb\tc</pre>")
    assert titles(client) == ["Zone", "Old"]
    assert titles(client, "/feeds/posts/default?alt=rss") == ["Zone", "Old"]


def test_host_of_a_request_is_only_in_its_own_answer(client: FlaskClient) -> None:
    a_post()
    for host in ("blog.example.org", "xn--bcher-kva.example:8000"):
        feed = client.get("/feeds/posts/default", headers={"Host": host})
        assert f'href="http://{host}/feeds/posts/default"' in feed.text
    hostile = client.get("/feeds/posts/default", headers={"Host": 'x"><script>'})
    assert hostile.status_code == 400 or "<script>" not in hostile.text
    assert link(read_feed(client), "self") == "http://localhost/feeds/posts/default"
