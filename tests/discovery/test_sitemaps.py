from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import event, update

from blog.db import db, now, writing
from blog.discovery import sitemaps
from blog.discovery.sitemaps import NUMBERS, SITEMAP_SIZE, news_language
from blog.posts.editing import SAVE, PostInput, stamp, write_post
from blog.posts.models import PAGE, Post
from blog.posts.publishing import trash_post, unpublish_post
from blog.site.models import current_site
from blog.site.update import change_settings
from blog.web.i18n import iso
from tests.factories import a_post
from tests.postgres.databases import on_sqlite

NAMES = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
}
HOST = "http://localhost"


def values(client: FlaskClient, address: str, path: str) -> list[str]:
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/xml; charset=utf-8")
    return [str(element.text) for element in etree.fromstring(answer.data).findall(path, NAMES)]


def test_index_lists_a_sitemap_of_posts_and_one_of_pages(client: FlaskClient) -> None:
    assert values(client, "/sitemap.xml", "s:sitemap/s:loc") == [f"{HOST}/sitemap-pages.xml"]
    post = a_post()
    assert values(client, "/sitemap.xml", "s:sitemap/s:loc") == [
        f"{HOST}/sitemap.xml?page=1",
        f"{HOST}/sitemap-pages.xml",
    ]
    assert values(client, "/sitemap.xml", "s:sitemap/s:lastmod") == [iso(post.updated_at)]


def test_sitemap_has_posts_with_their_last_change_and_picture(client: FlaskClient) -> None:
    post = a_post("Herons", photo_url="https://example.org/a.jpg?b=1&c=2")
    other = a_post("Rails", path="/2011/07/a&b'ü.html", photo_url="/media/ab/x.jpg")
    post = write_post(post.id, PostInput({"title": "Grey herons"}), SAVE, stamp(post))
    urls = "/sitemap.xml?page=1"
    assert values(client, urls, "s:url/s:loc") == [f"{HOST}{post.address}", f"{HOST}{other.address}"]
    assert values(client, urls, "s:url/s:lastmod") == [iso(post.updated_at), iso(other.updated_at)]
    assert values(client, urls, "s:url/image:image/image:loc") == [
        "https://example.org/a.jpg?b=1&c=2",
        f"{HOST}/media/ab/x.jpg",
    ]


def test_hidden_posts_are_in_no_sitemap(client: FlaskClient) -> None:
    a_post("Draft", draft=True, path="/2026/01/draft.html")
    hidden = [a_post("Gone"), a_post("Trash"), a_post("Gone page", kind=PAGE)]
    unpublish_post(hidden[0].id)
    trash_post(hidden[1].id)
    unpublish_post(hidden[2].id)
    assert values(client, "/sitemap.xml", "s:sitemap/s:loc") == [f"{HOST}/sitemap-pages.xml"]
    assert client.get("/sitemap.xml?page=1").status_code == 404
    assert values(client, "/sitemap-pages.xml", "s:url/s:loc") == [f"{HOST}/"]
    assert values(client, "/news-sitemap.xml", "s:url/s:loc") == []


def test_pages_have_a_sitemap(client: FlaskClient) -> None:
    page = a_post("About", kind=PAGE)
    a_post()
    assert values(client, "/sitemap-pages.xml", "s:url/s:loc") == [f"{HOST}/", f"{HOST}{page.address}"]


def test_ranges_without_visible_posts_are_left_out(client: FlaskClient) -> None:
    ids = [1, SITEMAP_SIZE, SITEMAP_SIZE + 1, 5 * SITEMAP_SIZE + 7]
    for post_id in ids:
        a_post(f"Post {post_id}", id=post_id)
    a_post("Draft", draft=True, id=3 * SITEMAP_SIZE)
    assert list(db.session.scalars(NUMBERS)) == [1, 2, 6]
    assert len(values(client, "/sitemap.xml?page=1", "s:url/s:loc")) == 2
    assert values(client, "/sitemap.xml?page=2", "s:url/s:loc") == [f"{HOST}{db.session.get_one(Post, ids[2]).address}"]
    assert client.get("/sitemap.xml?page=4").status_code == 404


@pytest.mark.parametrize(
    "number", ["0", "-1", "", "x", "1.0", "²", "9" * 9, "1000000", "9" * 5000, "1000001", "2147483647"]
)
def test_other_numbers_are_not_found(client: FlaskClient, number: str) -> None:
    a_post()
    assert client.get("/sitemap.xml", query_string={"page": number}).status_code == 404


def test_only_recent_changes_date_a_sitemap(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_CHANGES", 1)
    old, new = a_post("Old", id=1), a_post("New", id=SITEMAP_SIZE + 1)
    with writing():
        db.session.execute(update(Post).where(Post.id == old.id).values(updated_at=now() - timedelta(days=9)))
    assert values(client, "/sitemap.xml", "s:sitemap/s:lastmod") == [iso(new.updated_at)]


def test_news_are_of_the_last_two_days(client: FlaskClient) -> None:
    change_settings({"title": "The <Heron> & Post", "language": "pt_BR"})
    at = now()
    a_post("Old", published_at=at - timedelta(days=2, minutes=1))
    new = a_post("A < B & \x0b“C”]]>", published_at=at - timedelta(days=1, hours=23))
    news = "s:url/news:news/"
    assert values(client, "/news-sitemap.xml", "s:url/s:loc") == [f"{HOST}{new.address}"]
    assert values(client, "/news-sitemap.xml", f"{news}news:title") == ["A < B & “C”]]>"]
    assert values(client, "/news-sitemap.xml", f"{news}news:publication/news:name") == ["The <Heron> & Post"]
    assert values(client, "/news-sitemap.xml", f"{news}news:publication/news:language") == ["pt"]
    assert new.published_at
    assert values(client, "/news-sitemap.xml", f"{news}news:publication_date") == [iso(new.published_at)]


def test_chinese_has_two_names() -> None:
    languages = ["zh", "zh_CN", "zh_Hans_CN", "zh_Hant_TW", "zh_TW", "en_GB"]
    assert [news_language(one) for one in languages] == ["zh-cn", "zh-cn", "zh-cn", "zh-tw", "zh-tw", "en"]


def test_sitemaps_are_validated_by_etag(client: FlaskClient) -> None:
    a_post()
    for address in ("/sitemap.xml", "/sitemap.xml?page=1", "/sitemap-pages.xml", "/news-sitemap.xml", "/robots.txt"):
        answer = client.get(address)
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.head(address).data == b""
        assert client.post(address).status_code == 405


@on_sqlite
def test_queries_use_indexes(app: Flask) -> None:
    a_post()
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.extend(row[3] for row in rows)

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        with app.test_request_context():
            assert sitemaps.sitemap_index()
            assert sitemaps.post_sitemap(1)
            assert sitemaps.news_sitemap(current_site(), now())
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    assert not [plan for plan in plans if "TEMP B-TREE" in plan], plans
