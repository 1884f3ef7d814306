"""Test oEmbed by oembed.com: answers, refusals, sizes, and that only visible posts of this blog are described."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from blog.media.library import save_picture
from blog.posts.models import Post
from blog.posts.publishing import trash_post, unpublish_post
from blog.settings import Settings
from tests.discovery.descriptions import links
from tests.factories import a_post
from tests.media.image_files import encode, four_colors

HOST = "https://blog.example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, blog_url=HOST)


def ask(client: FlaskClient, address: str, **values: Any) -> TestResponse:
    return client.get("/oembed", query_string={"url": address, **values})


def at(post: Post) -> str:
    return f"{HOST}{post.address}"


def test_post_is_described_with_all_required_members(client: FlaskClient) -> None:
    post = a_post("Herons return", standfirst="Two pairs.", author_name="Ann", source_name="The Gazette")
    answer = ask(client, at(post), format="json")
    assert (answer.status_code, answer.content_type) == (200, "application/json; charset=utf-8")
    found = json.loads(answer.text)
    assert {name: found[name] for name in ("version", "type", "title", "author_name", "provider_url")} == {
        "version": "1.0",
        "type": "rich",
        "title": "Herons return",
        "author_name": "Ann",
        "provider_url": f"{HOST}/",
    }
    assert (found["width"], found["height"]) == (600, 200)
    quotation = html.fragment_fromstring(found["html"])
    assert quotation.tag == "blockquote"
    assert quotation.xpath("//a/@href") == [at(post)]
    assert {element.tag for element in quotation.iter()} == {"blockquote", "p", "a", "footer"}
    assert "thumbnail_url" not in found


def test_page_links_its_description(client: FlaskClient) -> None:
    post = a_post()
    (address,) = [link for link in links(client.get(post.path or "").text, "alternate") if "/oembed" in link]
    assert address.startswith(f"{HOST}/oembed?")
    assert client.get(address.removeprefix(HOST)).status_code == 200


def test_thumbnail_is_given_where_it_fits(client: FlaskClient) -> None:
    post = a_post(photo_url=save_picture(encode(four_colors(900, 600))))
    found = json.loads(ask(client, at(post)).text)
    assert (found["thumbnail_url"], found["thumbnail_width"], found["thumbnail_height"]) == (
        HOST + post.photo_url,
        900,
        600,
    )
    small = json.loads(ask(client, at(post), maxwidth="400", maxheight="100").text)
    assert (small["width"], small["height"]) == (400, 100)
    assert "thumbnail_url" not in small


@pytest.mark.parametrize("size", ["", "-1", "0", "many", "9" * 400])
def test_strange_sizes_are_ignored(client: FlaskClient, size: str) -> None:
    found = json.loads(ask(client, at(a_post()), maxwidth=size, maxheight=size).text)
    assert (found["width"], found["height"]) == (600, 200)


def test_forms_of_the_address_find_the_post(client: FlaskClient) -> None:
    post = a_post(path="/2011/07/50%-off#1?.html")
    for suffix in ("", "?m=1", "#comments", "?showComment=1#c1"):
        assert ask(client, f"{HOST}{quote(post.path or '')}{suffix}").status_code == 200
    assert ask(client, f"http://BLOG.example.org{post.address}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/2026/11/herons-return.html",
        "https://evil.example/2026/11/herons-return.html",
        "https://blog.example.org@evil.example/2026/11/herons-return.html",
        "javascript:alert(1)",
        "https://[/",
        "https://blog.example.org/%00",
        "https://blog.example.org/%ff%fe",
        "https://blog.example.org/",
        "https://blog.example.org/desk/",
        f"https://blog.example.org/{'a' * 3000}",
    ],
)
def test_other_addresses_are_not_found(client: FlaskClient, address: str) -> None:
    a_post("Herons return")
    answer = ask(client, address)
    assert answer.status_code == 404
    assert "Herons return" not in answer.text


@pytest.mark.parametrize("host", ["[", 'a.example"><script>', "xn--a", "[::1]:8000", "a:b:c"])
def test_strange_hosts_break_no_page(app: Flask, host: str) -> None:
    object.__setattr__(app.config["SETTINGS"], "blog_url", "")
    post = a_post("Herons return")
    for path in ("/", post.path or "", f"/oembed?url=http://{quote(host)}{post.path}"):
        # the test client refuses such hosts itself
        body, status, _headers = run_wsgi_app(app, create_environ(path) | {"HTTP_HOST": host}, buffered=True)
        assert int(status[:3]) in {200, 400, 404}
        assert b'"><script>' not in b"".join(body)


def test_hidden_posts_are_not_found(client: FlaskClient) -> None:
    for post in (unpublish_post(a_post("Gone").id), trash_post(a_post("In the trash").id)):
        assert ask(client, at(post)).status_code == 404


def test_other_formats_are_not_implemented(client: FlaskClient) -> None:
    for kind in ("xml", "JSON", "a" * 5000):
        assert ask(client, at(a_post()), format=kind).status_code == 501
    assert client.get("/oembed?format=json&format=xml&url=x").status_code == 404
    assert client.post("/oembed").status_code == 405


def test_hostile_texts_are_escaped_and_bounded(client: FlaskClient) -> None:
    hostile = '</blockquote><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    post = a_post(hostile, standfirst=f"{hostile} {'word' * 5000}", author_name=hostile, source_name=hostile)
    answer = ask(client, at(post))
    quotation = html.fragment_fromstring(json.loads(answer.text)["html"])
    assert {element.tag for element in quotation.iter()} == {"blockquote", "p", "a", "footer"}
    assert quotation.xpath("//a")[0].text == hostile
    assert "<" not in answer.text
    assert len(answer.data) < 5000


def test_unchanged_description_is_not_sent_again(client: FlaskClient) -> None:
    post = a_post()
    first = ask(client, at(post))
    again = client.get("/oembed", query_string={"url": at(post)}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head("/oembed", query_string={"url": at(post)}).data == b""
