from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from blog.posts.archive import year_tree
from blog.posts.archive.local_months import month_bounds, month_of
from blog.posts.models import PAGE
from blog.posts.publishing import trash_post
from blog.site.update import change_settings
from tests.factories import a_post


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lines(page: str) -> list[str]:
    """Return the lines of the tree and the lists of names as they are read."""
    found = re.findall(r"<summary>(.*?)</summary>|<li><a [^>]*>(.*?</a>.*?)</li>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>|\(\d+\)", " ", "".join(parts)).split()) for parts in found]


def test_archive_lists_years_months_labels_and_authors_with_counts(client: FlaskClient) -> None:
    a_post("One", published_at=at("2025-03-01"), author_name="Ada", labels=("Birds",))
    a_post("Two", published_at=at("2025-03-02"), author_name="Ada", labels=("Birds", "art"))
    a_post("Three", published_at=at("2025-01-02"))
    a_post("Four", published_at=at("2019-01-02"), author_name="Zora")
    a_post("Draft", draft=True, author_name="Ghost", labels=("Secret",))
    trash_post(a_post("Gone", published_at=at("2018-01-02"), author_name="Ghost", labels=("Secret",)).id)
    a_post("About", published_at=at("2017-01-02"), kind=PAGE, author_name="Page author", labels=("On pages",))
    page = client.get("/archive").text
    years = ["2025 3 posts", "March 2 posts", "January 1 post", "2019 1 post"]
    assert lines(page) == [*years, "art 1 post", "Birds 2 posts", "On pages 1 post", "Ada 2 posts", "Zora 1 post"]


def test_archive_without_posts_says_so(client: FlaskClient) -> None:
    assert "There are no posts yet." in client.get("/archive").text


def test_year_and_month_lead_to_titles(client: FlaskClient) -> None:
    post = a_post("One", published_at=at("2025-03-01"))
    assert 'href="/archive/2025/03"' in client.get("/archive/2025").text
    assert f'<a href="{post.address}" dir="auto">One</a>' in client.get("/archive/2025/03").text


def test_months_are_those_of_the_sites_time_zone(client: FlaskClient) -> None:
    a_post("One", published_at=at("2024-12-31 23:30"))
    assert lines(client.get("/archive").text) == ["2024 1 post", "December 1 post"]
    change_settings({"timezone": "Asia/Tokyo"})
    assert lines(client.get("/archive").text) == ["2025 1 post", "January 1 post"]
    assert client.get("/archive/2025/01").status_code == 200
    assert client.get("/archive/2024/12").status_code == 404


@pytest.mark.parametrize(
    "path", ["2024", "2025/04", "2025/00", "2025/13", "0000", "0000/01", "9999", "9999/12", "0001/01", "2025/3", "x"]
)
def test_months_without_posts_are_not_found(client: FlaskClient, path: str) -> None:
    change_settings({"timezone": "Asia/Tokyo"})
    a_post("One", published_at=at("2025-03-02"))
    assert client.get(f"/archive/{path}").status_code == 404
    assert client.get(f"/{path}/").status_code in {404, 308}


def test_long_month_is_paged_in_both_directions(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_tree, "MAX_TITLES", 2)
    for day in range(1, 6):
        a_post(f"Day {day}", published_at=at(f"2025-03-0{day}"))
    first = client.get("/archive/2025/03").text
    second = client.get(link(first, "next")).text
    third = client.get(link(second, "next")).text
    assert [re.findall(r">(Day \d)<", page) for page in (first, second, third)] == [
        ["Day 5", "Day 4"],
        ["Day 3", "Day 2"],
        ["Day 1"],
    ]
    assert 'rel="next"' not in third
    assert re.findall(r">(Day \d)<", client.get(f"/archive/2025/03{link(third, 'prev')}").text) == ["Day 3", "Day 2"]


def link(page: str, rel: str) -> str:
    return re.search(rf'rel="{rel}" href="([^"]*)"', page)[1]  # type: ignore[index]


def test_many_years_and_names_are_paged(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("MAX_YEARS", 2), ("MAX_NAMES", 2), ("NAMES_PAGE_SIZE", 2)):
        monkeypatch.setattr(year_tree, name, size)
    for year, letter in enumerate("ABC", 2020):
        a_post(f"Post {letter}", published_at=at(f"{year}-03-01"), author_name=letter, labels=(f"#{letter}?&",))
    page = client.get("/archive").text
    assert lines(page)[:3] == ["2022 1 post", "March 1 post", "2021 1 post"]
    assert lines(client.get("/archive?before=2021").text)[:2] == ["2020 1 post", "March 1 post"]
    assert 'href="/archive/labels"' in page
    for kind, last in (("labels", "#C?&amp; 1 post"), ("authors", "C 1 post")):
        first = client.get(f"/archive/{kind}").text
        assert len(lines(first)) == 2
        assert lines(client.get(f"/archive/{kind}{link(first, 'next')}").text) == [last]


@pytest.mark.parametrize(
    "query",
    ["before=", "before=-1", "before=99999999999999999999", "before=2020&before=2021", "after=%00", "after=%ed%a0%80"],
)
@pytest.mark.parametrize("path", ["", "/2025/03", "/labels", "/authors"])
def test_odd_queries_answer(client: FlaskClient, path: str, query: str) -> None:
    a_post("One", published_at=at("2025-03-02"), author_name="Ada", labels=("Birds",))
    assert client.get(f"/archive{path}?{query}").status_code == 200


def test_author_has_a_page_of_posts(client: FlaskClient) -> None:
    name = 'A/da "<b>" %?#é'
    post = a_post("One", author_name=name)
    a_post("Two", author_name="Zora")
    a_post("About", kind=PAGE, author_name=name)
    address = "/search/author/A/da%20%22%3Cb%3E%22%20%25%3F%23%C3%A9"
    assert f'rel="author" href="{address}"' in client.get(post.address).text
    assert f'href="{address}"' in client.get("/archive").text
    page = client.get(address).text
    assert "Posts by A/da &#34;&lt;b&gt;&#34; %?#é" in page
    assert re.findall(r'class="entry-title"[^>]*><a [^>]*>(\w+)<', page) == ["One"]
    assert 'href="/feeds/authors/A/da%20%22%3Cb%3E%22%20%25%3F%23%C3%A9"' in page
    assert client.get("/search/author/Nobody").status_code == 404
    assert client.get("/search/author/").status_code == 404


def test_pages_are_cached_by_etag(client: FlaskClient) -> None:
    a_post("One", published_at=at("2025-03-02"), author_name="Ada")
    for path in ("", "/2025", "/2025/03", "/labels", "/authors"):
        answer = client.get(f"/archive{path}")
        again = client.get(f"/archive{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (answer.headers["Cache-Control"], again.status_code) == ("no-cache", 304)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia", "America/Sao_Paulo"])
def test_month_of_a_moment_contains_it(zone: str) -> None:
    moments = [at("2011-12-30 10:00") + timedelta(hours=hour) for hour in range(0, 24 * 400, 5)]
    extremes: list[Any] = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    for moment in [*moments, *extremes]:
        first, end = month_bounds(*month_of(moment, ZoneInfo(zone)), ZoneInfo(zone))
        assert first <= moment <= end
        assert first < end
