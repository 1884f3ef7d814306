"""Check that a reader that follows `next` sees every entry once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.http import http_date

from blog.comments.moderation.decisions import Pick, decide
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.feeds import selection
from blog.posts.models import Post
from blog.posts.publishing import trash_post, unpublish_post
from tests.factories import a_comment, a_post
from tests.feeds.reading import link, pages, read_feed, titles

FEED = "/feeds/posts/default"
AT = datetime(2026, 3, 1, tzinfo=UTC)


def posts(count: int, **fields: object) -> list[Post]:
    """Write posts of which several have the same time."""
    return [
        a_post(f"Post {number}", published_at=AT + timedelta(days=number // 3), **fields) for number in range(count)
    ]  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["max-results=3", "max-results=3&alt=rss", "max-results=2&orderby=updated"])
def test_next_leads_through_all_posts(client: FlaskClient, query: str) -> None:
    posts(8)
    found = list(pages(client, f"{FEED}?{query}"))
    assert sorted(entry.title for page in found for entry in page.entries) == [f"Post {number}" for number in range(8)]
    assert link(found[0], "previous") is None
    assert [bool(page.entries) for page in found] == [True] * len(found)


def test_previous_leads_back(client: FlaskClient) -> None:
    posts(8)
    forth = [[entry.id for entry in page.entries] for page in pages(client, f"{FEED}?max-results=3")]
    last = list(pages(client, f"{FEED}?max-results=3"))[-1]
    back = list(pages(client, str(link(last, "previous")), "previous"))
    assert [entry.id for entry in back[-1].entries] == forth[0]
    assert {entry.id for page in back for entry in page.entries} == {one for page in forth[:-1] for one in page}
    assert link(last, "first") == f"http://localhost{FEED}?max-results=3"


def test_posts_that_come_and_go_move_nothing(client: FlaskClient) -> None:
    written = posts(6)
    first = read_feed(client, f"{FEED}?max-results=2")
    following = str(link(first, "next")).removeprefix("http://localhost")
    before = titles(client, following)
    a_post("The newest")
    trash_post(written[5].id)
    unpublish_post(written[4].id)
    assert titles(client, following) == before


def test_page_ends_before_its_texts_get_too_long(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_TEXT", 2_000)
    posts(7, body=f"<p>{'word ' * 160}</p>")
    a_post("Long", body=f"<p>{'word ' * 600}</p>", published_at=AT + timedelta(days=9))
    found = list(pages(client, FEED))
    assert [len(page.entries) for page in found] == [1, 2, 2, 2, 1]
    assert len({entry.id for page in found for entry in page.entries}) == 8
    assert len(titles(client, "/feeds/posts/summary")) == 8


def test_next_leads_through_all_responses(client: FlaskClient) -> None:
    post, other = a_post(), a_post()
    for number in range(7):
        a_comment(post if number % 3 else other, f"Response {number}.")
    for address, count in {"/feeds/comments/default": 7, f"/feeds/{post.id}/comments/default": 4}.items():
        found = [entry.title for page in pages(client, f"{address}?max-results=2") for entry in page.entries]
        assert len(found) == len(set(found)) == count
        assert found == sorted(found, reverse=True)


def test_unchanged_feed_is_not_sent_again(client: FlaskClient) -> None:
    post = a_post()
    for address in (FEED, f"{FEED}?alt=rss", f"{FEED}?alt=json", "/feeds/comments/default"):
        answer = client.get(address)
        for headers in (
            {"If-None-Match": answer.headers["ETag"]},
            {"If-Modified-Since": answer.headers["Last-Modified"]},
        ):
            again = client.get(address, headers=headers)
            assert (again.status_code, again.data) == (304, b"")
        old = http_date(datetime.now(UTC) - timedelta(days=1))
        assert client.get(address, headers={"If-Modified-Since": old}).status_code == 200
        head = client.head(address)
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    comment = a_comment(post)
    tag = client.get("/feeds/comments/default").headers["ETag"]
    decide(audit_log.REMOVE, [Pick(comment.id)], add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember"))
    changed = client.get("/feeds/comments/default", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "<entry>" not in changed.text


@pytest.mark.parametrize("address", [FEED, "/feeds/comments/default", "/feeds/authors/Ed", "/subscribe"])
def test_feed_is_only_read(client: FlaskClient, address: str) -> None:
    a_post(author_name="Ed")
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.open(address, method=method).status_code in {400, 403, 405}
