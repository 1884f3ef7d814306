"""Check the feeds of responses."""

from __future__ import annotations

from flask.testing import FlaskClient

from blog.posts.models import PAGE
from tests.factories import a_comment, a_post
from tests.feeds.reading import THREAD, link, read_feed, read_xml

ALL = "/feeds/comments/default"


def test_response_has_author_text_and_permalink(client: FlaskClient) -> None:
    post = a_post("Herons return")
    comment = a_comment(
        post, "Seen *one* [here](/2026/)." + " More words." * 20, name="Bea", website="https://bea.example"
    )
    feed = read_feed(client, ALL)
    entry = feed.entries[0]
    assert entry.title.startswith("Seen one here. More words.")
    assert len(entry.title) <= 61
    assert (entry.author, entry.author_detail.href) == ("Bea", "https://bea.example")
    assert "<em>one</em>" in entry.content[0].value
    assert 'href="http://localhost/2026/"' in entry.content[0].value
    assert entry.link == f"http://localhost/posts/{post.id}/comments/{comment.id}"
    assert client.get(entry.link).status_code == 302
    assert link(feed, "alternate") == "http://localhost/"


def test_response_names_what_it_answers(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    a_comment(post, "A reply.", comment)
    post_id = read_feed(client).entries[0].id
    first, second = read_xml(client, ALL).findall("{*}entry")
    assert [one.get("ref") for one in first.findall(f"{THREAD}in-reply-to")] == [post_id, second.findtext("{*}id")]
    assert [one.get("ref") for one in second.findall(f"{THREAD}in-reply-to")] == [post_id]
    assert second.find(f"{THREAD}in-reply-to").get("href") == f"http://localhost{post.path}"  # type: ignore[union-attr]


def test_feed_of_a_post_has_only_its_responses(client: FlaskClient) -> None:
    post, page = a_post('"Herons" & more'), a_post("About", kind=PAGE)
    a_comment(post, "On the post.")
    a_comment(page, "On the page.")
    feed = read_feed(client, f"/feeds/{post.id}/comments/default")
    assert feed.feed.title == 'Responses to “"Herons" & more”'
    assert link(feed, "alternate") == f"http://localhost{post.path}"
    assert [entry.title for entry in feed.entries] == ["On the post."]
    assert [entry.title for entry in read_feed(client, f"/feeds/{page.id}/comments/default").entries] == [
        "On the page."
    ]
    assert len(read_feed(client, ALL).entries) == 2
    assert read_feed(client, f"/feeds/{a_post().id}/comments/default").entries == []


def test_feed_as_rss_and_as_summary(client: FlaskClient) -> None:
    a_comment(a_post(), "Seen *one*." + " More words." * 40)
    entry = read_feed(client, f"{ALL}?alt=rss").entries[0]
    assert "<em>one</em>" in entry.summary
    summary = read_feed(client, "/feeds/comments/summary").entries[0]
    assert summary.summary.endswith("…")
    assert "content" not in summary


def test_email_address_is_nowhere(client: FlaskClient) -> None:
    a_comment(a_post(), email="secret@example.org")
    for query in ("", "?alt=rss", "?alt=json", "?alt=jsonfeed"):
        assert "secret" not in client.get(f"{ALL}{query}").text
