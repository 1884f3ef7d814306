"""Test canonical addresses, Open Graph, and which pages are not to be indexed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from babel import Locale
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.thread import tree
from blog.db import now
from blog.discovery.metadata import open_graph_locale
from blog.media.library import save_picture
from blog.posts.lists import PAGE_SIZE
from blog.settings import Settings
from blog.site.update import change_settings
from tests.discovery.descriptions import links, metas
from tests.factories import a_comment, a_post, signed_in
from tests.media.image_files import encode, four_colors

HOST = "https://blog.example.org"
HOSTILE = '"><script>alert(1)</script>\u202e]]>&amp;'


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, blog_url=f"{HOST}/")


def test_post_says_what_it_is(client: FlaskClient) -> None:
    address = save_picture(encode(four_colors(2000, 1000), "JPEG"))
    post = a_post(
        "Herons return",
        labels=("Birds", "Rivers"),
        standfirst="Two pairs\nat the weir.",
        author_name="Ann Editor",
        photo_url=address,
        photo_alt="A heron",
    )
    page = client.get(post.path or "").text
    expected = {
        "description": "Two pairs at the weir.",
        "author": "Ann Editor",
        "og:type": "article",
        "og:title": "Herons return",
        "og:description": "Two pairs at the weir.",
        "og:url": f"{HOST}{post.path}",
        "og:site_name": "Talkback",
        "og:locale": "en_US",
        "og:image": f"{HOST}{address}",
        "og:image:width": "1600",
        "og:image:height": "800",
        "og:image:alt": "A heron",
        "twitter:image:alt": "A heron",
        "article:section": "Birds",
        "article:tag": "Birds",
        "twitter:card": "summary_large_image",
    }
    found = metas(page)
    assert {name: found.get(name) for name in expected} == expected
    assert found["article:published_time"].endswith("Z")
    assert found["article:modified_time"].endswith("Z")
    assert "robots" not in found
    assert links(page, "canonical") == [f"{HOST}{post.path}"]


@pytest.mark.parametrize("query", ["?m=1", "?order=newest", "?order=agreed&m=0", "?utm_source=x", "?page=1", "?page=7"])
def test_parameters_that_change_no_text_are_not_canonical(client: FlaskClient, query: str) -> None:
    post = a_post()
    assert links(client.get(f"{post.path}{query}").text, "canonical") == [f"{HOST}{post.path}"]


def test_later_page_of_a_thread_names_itself(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "PAGE_SIZE", 2)
    post = a_post()
    for number in range(5):
        a_comment(post, f"Number {number}.")
    first = client.get(post.path or "").text
    later = first.split('rel="next"')[0].rsplit('href="', 1)[1].split("#")[0].replace("&amp;", "&")
    assert "after=" in later
    for address in (later, f"{post.path}?page=2", f"{post.path}?page=2&m=1"):
        page = client.get(address).text
        assert links(page, "canonical") == [f"{HOST}{post.path}?page=2"]
        assert metas(page)["og:url"] == f"{HOST}{post.path}?page=2"
    assert links(client.get(f"{post.path}?page=2&order=newest").text, "canonical") == [f"{HOST}{post.path}"]


def test_page_that_continues_another_keeps_its_key(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "PAGE_RESPONSES", 2)
    post = a_post()
    for number in range(5):
        a_comment(post, f"Number {number}.")
    first = client.get(post.path or "").text
    later = first.split('rel="next"')[0].rsplit('href="', 1)[1].split("#")[0].replace("&amp;", "&")
    assert links(client.get(later).text, "canonical") == [f"{HOST}{later}"]


def test_lists_name_themselves(client: FlaskClient) -> None:
    change_settings({"tagline": "Birds of the river"})
    for number in range(PAGE_SIZE + 1):
        a_post(f"Post {number}", published_at=now() - timedelta(minutes=number), labels=("Grey herons",))
    home = client.get("/?m=1").text
    assert links(home, "canonical") == [f"{HOST}/"]
    assert metas(home)["description"] == "Birds of the river"
    assert metas(home)["og:type"] == "website"
    older = home.split('href="?after=')[1].split('"')[0]
    assert links(client.get(f"/?after={older}&m=1").text, "canonical") == [f"{HOST}/?after={older}"]
    assert links(client.get("/?after=nonsense").text, "canonical") == [f"{HOST}/"]
    label = client.get("/search/label/Grey herons?max-results=20").text
    assert links(label, "canonical") == [f"{HOST}/search/label/Grey%20herons"]
    assert metas(label)["og:title"] == "Posts labelled “Grey herons” · Talkback"


def test_host_of_the_request_stands_in_for_a_missing_setting(app: Flask) -> None:
    object.__setattr__(app.config["SETTINGS"], "blog_url", "")
    page = app.test_client().get("/", base_url="http://127.0.0.1:8000").text
    assert links(page, "canonical") == ["http://127.0.0.1:8000/"]


def test_pages_for_one_reader_or_editor_are_not_indexed(app: Flask) -> None:
    client, desk, post = app.test_client(), signed_in(app), a_post()
    comment = a_comment(post)
    addresses = ["/privacy", "/privacy/link/new", f"/posts/{post.id}/comments/new", "/nowhere", "/desk/sign-in"]
    addresses += [f"/posts/{post.id}/comments/{comment.id}/{noun}" for noun in ("replies", "reports/new")]
    for address in addresses:
        page = client.get(address).text
        assert metas(page)["robots"] == "noindex", address
        assert links(page, "canonical") == [], address
    assert metas(desk.get("/desk/").text)["robots"] == "noindex"


def test_hostile_texts_stay_texts(client: FlaskClient) -> None:
    change_settings({"title": HOSTILE, "tagline": HOSTILE})
    words = "word" * 500
    post = a_post(HOSTILE, standfirst=f"{HOSTILE} {words}", author_name=HOSTILE, photo_url="/x.jpg", photo_alt=HOSTILE)
    found = metas(client.get(post.path or "").text)
    assert found["og:title"] == found["author"] == found["og:image:alt"] == found["og:site_name"] == HOSTILE
    assert len(found["description"]) <= 201


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en_US"),
        ("en_GB", "en_GB"),
        ("de", "de_DE"),
        ("pt_BR", "pt_BR"),
        ("zh_Hant_TW", "zh_TW"),
        ("he", "he_IL"),
    ],
)
def test_open_graph_locale_has_a_territory(language: str, locale: str) -> None:
    assert open_graph_locale(Locale.parse(language)) == locale


def test_profiles_and_the_account_are_named(client: FlaskClient) -> None:
    change_settings(
        {"fediverse_creator": "@ann@example.social", "profile_links": "https://a.example/\r\nhttps://b.example/@b"}
    )
    page = client.get("/").text
    assert metas(page)["fediverse:creator"] == "@ann@example.social"
    assert links(page, "me") == ["https://a.example/", "https://b.example/@b"]
