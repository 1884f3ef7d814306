from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import event

from blog.db import db, now, writing
from blog.media.library import save_picture, small_address
from blog.posts.lists import PAGE_SIZE, posts_with_label
from blog.posts.publishing import slugify, unpublish_post
from blog.posts.seed import add_demo_posts, add_welcome_post, remove_untouched_welcome
from blog.site.models import current_site
from tests.factories import a_comment, a_post, answer, token
from tests.media.image_files import encode, four_colors
from tests.postgres.databases import on_sqlite

EVERYTHING = {
    "author_name": "Ann Editor",
    "standfirst": "A line before the text.",
    "photo_url": "https://example.org/photo.jpg",
    "photo_alt": "A heron",
    "photo_caption": "A heron at dawn",
    "photo_credit": "Photo: Bob",
    "source_name": "The Example Gazette",
    "source_title": "Herons are back",
    "source_url": "https://example.org/herons",
    "quote": "First paragraph.\n\nSecond *paragraph*.",
    "note": "We saw them too.",
}


def in_order(text: str, *parts: str) -> bool:
    main = text[text.index("<main") :]
    places = [main.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_post_shows_its_fields_in_order(client: FlaskClient) -> None:
    post = a_post("Herons return", labels=("Birds", "C#"), **EVERYTHING)
    page = client.get(post.path or "").text
    assert in_order(
        page,
        'src="https://example.org/photo.jpg"',
        "A heron at dawn",
        "Photo: Bob",
        "Herons return</h1>",
        "Ann Editor",
        "0 Responses",
        "A line before the text.",
        "The Example Gazette",
        "Herons are back",
        "First paragraph.",
        "<em>paragraph</em>",
        "Read more ....",
        "Editor:",
        "We saw them too.",
        "Birds",
        'id="response-count"',
        'id="responses"',
        "Post a Comment",
        'id="comment-form"',
    )
    assert 'href="/search/label/C%23"' in page


@pytest.mark.parametrize(
    ("count", "heading"), [(0, "0 Response to"), (1, "1 Response to"), (2, "2 Responses to"), (3, "3 Responses to")]
)
def test_heading_counts_responses(client: FlaskClient, count: int, heading: str) -> None:
    post = a_post('Say "hello" & <go>')
    for _ in range(count):
        a_comment(post)
    page = client.get(post.path or "").text.replace('<span class="number">', "").replace("</span>", "")
    assert f'{heading} "Say &#34;hello&#34; &amp; &lt;go&gt;"</h2>' in page


def test_imported_html_is_shown_sanitized(client: FlaskClient) -> None:
    post = a_post("Old", body='<p onclick="x()">Kept <b>bold</b></p><script>gone()</script>')
    page = client.get(post.path or "").text
    assert "<p>Kept <b>bold</b></p>" in page
    assert "gone()" not in page


def test_draft_is_not_public(client: FlaskClient) -> None:
    a_post("Shown")
    a_post("Hidden draft", draft=True, labels=("Secret",))
    for path in ("/", "/2026/", "/search/label/Secret"):
        assert "Hidden draft" not in client.get(path).text
    assert client.get("/search/label/Secret").status_code == 404


def test_home_lists_newest_first_with_counts_and_keyset_pages(client: FlaskClient) -> None:
    for number in range(PAGE_SIZE + 3):
        a_post(f"Post {number:02}", published_at=now() - timedelta(hours=number))
    page = client.get("/").text
    assert in_order(page, "Post 00", "Post 01", f"Post {PAGE_SIZE - 1}")
    assert f"Post {PAGE_SIZE}<" not in page
    older = page.split('href="?after=')[1].split('"')[0]
    a_post("Newer than all")
    second = client.get(f"/?after={older}").text
    assert in_order(second, f"Post {PAGE_SIZE}", f"Post {PAGE_SIZE + 2}")
    assert f"Post {PAGE_SIZE - 1}<" not in second
    assert 'href="?after=' not in second


def test_older_pages_lead_back_to_the_newest(client: FlaskClient) -> None:
    for number in range(2 * PAGE_SIZE + 1):
        a_post(f"Post {number:02}", published_at=now() - timedelta(hours=number))
    last = client.get(follow(follow("/", "next"), "next")).text
    assert f"Post {2 * PAGE_SIZE}<" in last
    middle = client.get(follow(follow(follow("/", "next"), "next"), "prev")).text
    assert in_order(middle, f"Post {PAGE_SIZE}<", f"Post {2 * PAGE_SIZE - 1}<", 'rel="prev"', 'rel="next"')
    assert f"Post {PAGE_SIZE - 1}<" not in middle
    assert f"Post {2 * PAGE_SIZE}<" not in middle
    first = client.get(follow(follow("/", "next"), "prev")).text
    assert in_order(first, "Post 00<", f"Post {PAGE_SIZE - 1}<", 'rel="next"')
    assert 'rel="prev"' not in first
    assert 'class="front"' in first


def follow(path: str, rel: str) -> str:
    """Return the address of the newer or older page."""
    page = current_app.test_client().get(path).text
    return "/" + page.split(f'rel="{rel}" href="')[1].split('"')[0]


def test_list_names_each_day_once(client: FlaskClient) -> None:
    for hour in (9, 7):
        a_post(f"At {hour}", published_at=datetime(2026, 11, 24, hour, tzinfo=UTC))
    a_post("Before", published_at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    page = client.get("/").text
    assert page.count("November 24, 2026</h2>") == 1
    assert in_order(page, "November 24, 2026</h2>", "At 9", "At 7", "November 23, 2026</h2>", "Before")
    assert ">9:00\xa0AM</time>" in page


def test_stored_photo_has_its_size_and_both_files(client: FlaskClient) -> None:
    post = a_post(photo_url=save_picture(encode(four_colors(1000, 2000))))
    small = small_address(post.photo_url)
    page, home = client.get(post.path or "").text, client.get("/").text
    assert f'src="{post.photo_url}" alt="" width="1000" height="2000"' in page
    assert f'srcset="{small} 640w, {post.photo_url} 1000w" sizes=' in page
    assert f'srcset="{small} 640w, {post.photo_url} 1000w" sizes=' in home
    assert "unsized" not in page


def test_photo_of_another_site_has_a_frame(client: FlaskClient) -> None:
    post = a_post(photo_url="https://example.org/heron.jpg")
    page = client.get(post.path or "").text
    assert 'width="1200" height="800" class="unsized"' in page
    assert "srcset" not in page


@pytest.mark.parametrize("key", ["", "x", "1-", "-1", "9" * 400 + "-1", "1-" + "9" * 400, "\u0661-\u0661", "1-1'--"])
def test_invalid_key_shows_the_first_page(client: FlaskClient, key: str) -> None:
    a_post("Shown")
    assert "Shown" in client.get("/", query_string={"after": key}).text
    assert "Shown" in client.get("/", query_string={"before": key}).text


def test_post_links_older_and_newer_posts(client: FlaskClient) -> None:
    paths = [a_post(f"Post {n}", published_at=now() - timedelta(days=n)).path or "" for n in range(3)]
    page = client.get(paths[1]).text
    assert f'rel="next" href="{paths[0]}"' in page
    assert f'rel="prev" href="{paths[2]}"' in page


@pytest.mark.parametrize("name", ["C#", "a/b", ".NET", "100 %", "über & <unter>", "a?b=c"])
def test_label_with_special_characters_lists_its_posts(client: FlaskClient, name: str) -> None:
    post = a_post("Labelled", labels=(name,))
    page = client.get(post.path or "").text
    address = page.split('rel="tag" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Labelled" in client.get(address).text


def test_archive_uses_the_sites_time_zone(client: FlaskClient) -> None:
    with writing():
        current_site().timezone = "America/Los_Angeles"
    post = a_post("New Year's Eve there", published_at=datetime(2026, 1, 1, 5, tzinfo=UTC))
    assert post.path == "/2025/12/new-years-eve-there.html"
    assert "New Year" in client.get("/2025/12/").text
    assert "December 31, 2025" in client.get(post.path).text
    assert client.get("/2026/01/").status_code == 404


@pytest.mark.parametrize("path", ["/0000/", "/9999/", "/2026/13/", "/2026/00/", "/nothing", "/2026/11/none.html"])
def test_unknown_path_shows_404_page(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_posts_with_equal_title_get_different_paths(app: Flask) -> None:
    first, second, third = (a_post("Same", published_at=datetime(2026, 11, 1, tzinfo=UTC)).path for _ in range(3))
    assert (first, second, third) == ("/2026/11/same.html", "/2026/11/same_2.html", "/2026/11/same_3.html")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Herons return", "herons-return"),
        ("Ça va? Ÿes!", "ca-va-yes"),
        ("日本語", "blog-post"),
        ("", "blog-post"),
        ("x" * 200, "x" * 60),
        ("word " * 40, "-".join(["word"] * 12)),
    ],
)
def test_slug_has_ascii_words(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_welcome_post_is_added_to_empty_blog_and_removed_if_untouched(client: FlaskClient) -> None:
    add_welcome_post()
    add_welcome_post()
    assert client.get("/").text.count("<article") == 1
    with writing():
        remove_untouched_welcome()
    assert client.get("/").text.count("<article") == 0


def test_answered_welcome_post_stays(client: FlaskClient, app: Flask) -> None:
    add_welcome_post()
    page = client.get("/").text
    post_id = int(page.split('id="post-')[1].split('"')[0])
    from blog.posts.models import visible_post

    post = visible_post(post_id)
    assert post is not None
    a_comment(post)
    with writing():
        remove_untouched_welcome()
    assert client.get("/").text.count("<article") == 1


def test_demo_posts_are_added_once_and_render(client: FlaskClient) -> None:
    planted = add_demo_posts()
    assert planted >= 5
    assert add_demo_posts() == 0
    page = client.get("/").text
    paths = {part.split('"')[0].split("#")[0] for part in page.split('href="/20')[1:]}
    assert len(paths) == planted
    for path in paths:
        assert client.get(f"/20{path}").status_code == 200


def test_thread_closes_after_the_sites_days(client: FlaskClient) -> None:
    old, young = (a_post(f"{days} days old", published_at=now() - timedelta(days=days)) for days in (11, 9))
    form = token(client, old)
    with writing():
        current_site().close_after_days = 10
    assert "Responses to this post were closed" in client.get(old.path or "").text
    assert "Responses to this post were closed" not in client.get(young.path or "").text
    refused = client.post(f"/posts/{old.id}/comments", data=form | {"name": "Ann", "body": "Too late <I> fear"})
    assert refused.status_code == 403
    assert "Too late &lt;I&gt; fear" in refused.text
    assert answer(client, young, "In time").status_code == 200


def test_unpublished_post_answers_410_and_draft_404(client: FlaskClient) -> None:
    shown, draft = a_post("Shown once"), a_post("Never shown", draft=True, path="/2026/11/never-shown.html")
    unpublish_post(shown.id)
    assert client.get(shown.path or "").status_code == 410
    assert client.get(draft.path or "").status_code == 404
    assert client.get("/posts/1/comments/new?parent=1").status_code == 404


def test_every_page_has_menu_and_accent(client: FlaskClient) -> None:
    assert "masthead-menu" not in client.get("/").text
    with writing():
        current_site().menu = (
            "About | /p/about.html\nElsewhere | https://example.org/\nEvil | javascript:alert(1)\nHalf"
        )
        current_site().accent = "blue"
    page = client.get("/").text
    assert 'data-accent="blue"' in page
    assert in_order(page.replace("<header", "<main", 1), 'href="/p/about.html"', 'href="https://example.org/"')
    assert "javascript:" not in page


@pytest.mark.parametrize("name", ["/x", "/", "a//b", "C#", "100%", "a?b", "//", "a/", "x/../y", "a&b"])
def test_every_label_has_a_page(client: FlaskClient, name: str) -> None:
    post = a_post(labels=(name,))
    link = re.search(r'rel="tag" href="([^"]*)"', client.get(post.path or "").text)
    assert link
    page = client.get(unescape(link[1]))
    assert page.status_code == 200
    assert "Herons return" in page.text


@pytest.mark.parametrize("name", ["what?", "c#", "100%", "%41", "a&b", "größe", "a b"])
def test_every_path_is_linked(client: FlaskClient, name: str) -> None:
    newer, post = a_post("Otters"), a_post("Herons")
    with writing():
        post.path = f"/2026/11/{name}.html"
        newer.published_at = now() + timedelta(seconds=-1)
    a_comment(post)
    links = set(re.findall(r'href="(/2026/[^"#]*)', client.get("/").text)) - {newer.path}
    assert len(links) == 1
    address = unescape(links.pop())
    assert "<h1" in client.get(address).text
    assert f'href="{escape(address)}"' in client.get(newer.path or "").text
    shown = client.get(f"/posts/{post.id}/comments/1")
    assert client.get(shown.location).status_code == 200


def test_posts_before_1970_have_pages(client: FlaskClient) -> None:
    for number in range(PAGE_SIZE * 2 + 1):
        a_post(f"Telegram {number}", published_at=datetime(1965, 1, 1, tzinfo=UTC) + timedelta(days=number))
    for start in ("/", "/1965/"):
        found, address = [], start
        for _ in range(3):
            page = client.get(address).text
            found += re.findall(r"Telegram \d+", page)
            older = re.search(r'rel="next" href="([^"]*)"', page)
            address = f"{start}{older[1]}" if older else ""
        assert len(set(found)) == PAGE_SIZE * 2 + 1
        assert address == ""


@on_sqlite
@pytest.mark.parametrize("most_sorted", [0, 1_000], ids=["common", "rare"])
def test_posts_of_a_label_are_found_by_an_index(app: Flask, monkeypatch: pytest.MonkeyPatch, most_sorted: int) -> None:
    monkeypatch.setattr("blog.posts.labels.MAX_SORTED", most_sorted)
    for number in range(3):
        a_post(f"Post {number}", labels=("News",))
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.extend(row[3] for row in rows)

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        assert [post.title for post in posts_with_label("News").items] == ["Post 2", "Post 1", "Post 0"]
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    assert not [plan for plan in plans if plan.startswith("SCAN posts")], plans
    assert any("ix_posts_dated" in plan for plan in plans) == (most_sorted == 0)
