"""Check the parameters of a feed's address, which are Blogger's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from blog.db import writing
from blog.posts.models import Post
from blog.site.update import change_settings
from tests.factories import a_comment, a_post
from tests.feeds.reading import link, read_feed, read_json, titles

FEED = "/feeds/posts/default"


@pytest.fixture
def days(app: object) -> list[Post]:
    """Return a post of each of five days; the first was changed last."""
    posts = [a_post(f"Day {day}", published_at=datetime(2026, 3, day, 12, tzinfo=UTC)) for day in range(1, 6)]
    for place, post in enumerate(posts):
        with writing():
            post.updated_at = datetime(2026, 4, 9 - place, tzinfo=UTC)
    return posts


@pytest.mark.parametrize(
    ("query", "days_found"),
    [
        ("", "54321"),
        ("max-results=2", "54"),
        ("max-results=0", ""),
        ("max-results=9999999999999", "54321"),
        ("start-index=4", "21"),
        ("start-index=0&max-results=1", "5"),
        ("start-index=2&max-results=2", "43"),
        ("start-index=100000", ""),
        ("orderby=updated", "12345"),
        ("published-min=2026-03-02T12:00:00Z&published-max=2026-03-04T12:00:00Z", "32"),
        ("published-min=2026-03-04T13:00:00%2B01:00", "54"),
        ("published-min=2026-03-04T13:00:00+01:00", "54"),
        ("published-min=2026-03-04", "54"),
        ("published-max=2026-03-02", "1"),
        ("published-min=2026-03-04T12:00:00.001Z", "5"),
        ("updated-min=2026-04-08", "12"),
        ("updated-max=2026-04-07&max-results=1", "4"),
        ("orderby=updated&published-max=2026-03-03", "12"),
        ("max-results=1&max-results=3", "5"),
        ("alt=&orderby=", "54321"),
        ("unknown=1&redirect=false", "54321"),
        ("after=nonsense", "54321"),
        ("before=nonsense", "54321"),
    ],
)
def test_parameters_choose_the_entries(client: FlaskClient, days: list[Post], query: str, days_found: str) -> None:
    assert titles(client, f"{FEED}?{query}") == [f"Day {day}" for day in days_found]


@pytest.mark.parametrize(
    "query",
    [
        "alt=xml",
        "alt=ATOM",
        "max-results=many",
        "max-results=-1",
        "max-results=1e3",
        "max-results=٣",
        "start-index=100001",
        "start-index=-5",
        "start-index=999999999999999999999999",
        "orderby=rank",
        "published-min=yesterday",
        "published-min=2026-13-01",
        "published-max=9999-12-31T23:59:59-14:00",
        "updated-min=0001-01-01T00:00:00%2B14:00",
        "updated-max=" + "9" * 500,
        "after=" + "9" * 201,
        "published-min=%ED%A0%80",
        "alt=%00",
    ],
)
@pytest.mark.parametrize("feed", [FEED, "/feeds/comments/default"])
def test_wrong_value_is_refused_in_one_sentence(client: FlaskClient, feed: str, query: str) -> None:
    answer = client.get(f"{feed}?{query}")
    assert answer.status_code == 400
    assert answer.text.count('<p class="lede">') == 1
    assert "Traceback" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_day_is_one_of_the_sites_zone(client: FlaskClient) -> None:
    a_post("Late", published_at=datetime(2026, 3, 3, 15, 30, tzinfo=UTC))
    change_settings({"timezone": "Asia/Tokyo"})
    assert titles(client, f"{FEED}?published-min=2026-03-04") == ["Late"]
    change_settings({"timezone": "America/New_York"})
    assert titles(client, f"{FEED}?published-min=2026-03-04") == []


def test_times_choose_responses_too(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    for name in ("published", "updated"):
        before, after = comment.created_at - timedelta(hours=1), comment.created_at + timedelta(hours=1)
        query = f"{name}-min={before:%Y-%m-%dT%H:%M:%SZ}&{name}-max={after:%Y-%m-%dT%H:%M:%SZ}"
        assert len(read_feed(client, f"/feeds/comments/default?{query}").entries) == 1
        assert read_feed(client, f"/feeds/comments/default?{name}-max={before:%Y-%m-%dT%H:%M:%SZ}").entries == []


def test_feed_names_its_own_address(client: FlaskClient) -> None:
    a_post()
    feed = read_feed(client, f"{FEED}?x=1&max-results=5&alt=rss&published-min=2020-01-01T00:00:00%2B01:00")
    expected = f"http://localhost{FEED}?alt=rss&max-results=5&published-min=2020-01-01T00%3A00%3A00%2B01%3A00"
    assert link(feed, "self") == expected


def test_entries_are_counted_for_widgets_only(client: FlaskClient) -> None:
    for number in range(3):
        a_post(f"Post {number}")
    feed = read_json(client, f"{FEED}?alt=json&max-results=1&start-index=2")["feed"]
    numbers = [feed[f"openSearch${name}"]["$t"] for name in ("totalResults", "startIndex", "itemsPerPage")]
    assert numbers == ["3", "2", "1"]
    assert "totalResults" not in client.get(FEED).text
