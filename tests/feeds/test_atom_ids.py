"""Check that ids never change: not by a move from Blogger, and not by a new domain."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import create_engine, text

from blog.db import db, writing
from blog.importing.load.run import load_export
from blog.migrations import migrate
from blog.posts.models import Post
from blog.site.models import current_site, ensure_site
from tests.factories import a_comment, a_post
from tests.feeds.reading import THREAD, pages, read_feed, read_json, read_xml
from tests.importing.export_files import (
    FIXTURES,
    an_export,
    comment_entry,
    post_entry,
    takeout_comment,
    takeout_feed,
    takeout_post,
)
from tests.postgres.databases import on_sqlite

TAG_URI = re.compile(r"tag:[a-z0-9.-]+\.[a-z]+,\d{4}-\d\d-\d\d:blog-[0-9a-f]{12}")
BLOG = "tag:blogger.com,1999:blog-77"
NAMESPACES = {"atom": "http://www.w3.org/2005/Atom"}
KIND = "http://schemas.google.com/blogger/2008/kind#"


def ids(client: FlaskClient, address: str) -> list[str]:
    return [entry.id for page in pages(client, address) for entry in page.entries]


def test_our_ids_are_tag_uris(client: FlaskClient) -> None:
    post = a_post()
    comment = a_comment(post)
    feed = read_feed(client)
    prefix = feed.feed.id
    assert TAG_URI.fullmatch(prefix)
    assert prefix == current_site().tag_prefix
    assert [entry.id for entry in feed.entries] == [f"{prefix}.post-{post.id}"]
    assert ids(client, "/feeds/comments/default") == [f"{prefix}.comment-{comment.id}"]


def test_each_feed_has_an_id_of_its_own(client: FlaskClient) -> None:
    post = a_post(labels=("A", "B/C"), author_name="Ed")
    addresses = ["posts/default", "posts/default/-/A", "posts/default/-/A/B/C", "authors/Ed", "comments/default"]
    addresses.append(f"{post.id}/comments/default")
    found = [read_feed(client, f"/feeds/{address}").feed.id for address in addresses]
    assert len(set(found)) == len(found)
    assert all(TAG_URI.match(one) for one in found)


def test_ids_survive_another_domain(client: FlaskClient, app: Flask) -> None:
    a_comment(a_post(labels=("A",)))
    addresses = ("/feeds/posts/default", "/feeds/comments/default", "/feeds/posts/default/-/A")
    before = [(read_feed(client, address).feed.id, ids(client, address)) for address in addresses]
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="https://new.example.org")
    assert [(read_feed(client, address).feed.id, ids(client, address)) for address in addresses] == before


def test_row_that_is_created_anew_gets_a_prefix(app: Flask) -> None:
    with writing():
        db.session.delete(current_site())
    ensure_site()
    assert TAG_URI.fullmatch(current_site().tag_prefix)


def test_classic_export_keeps_its_ids(client: FlaskClient, tmp_path: Path) -> None:
    load_export(an_export(tmp_path, [post_entry(8), comment_entry(9, 8), comment_entry(10, 8, 9)]))
    a_post("Ours")
    ours = current_site().tag_prefix
    feed = read_feed(client)
    assert feed.feed.id == BLOG
    assert [entry.id for entry in feed.entries] == [f"{ours}.post-2", f"{BLOG}.post-8"]
    comments = read_xml(client, "/feeds/8/comments/default")
    assert comments.findtext("atom:id", "", NAMESPACES) == f"{BLOG}.post8..comments"
    assert set(ids(client, "/feeds/comments/default")) == {f"{BLOG}.post-9", f"{BLOG}.post-10"}
    references = [
        [reference.get("ref") for reference in entry.findall(f"{THREAD}in-reply-to")]
        for entry in sorted(
            comments.findall("atom:entry", NAMESPACES), key=lambda one: str(one.findtext("atom:id", "", NAMESPACES))
        )
    ]
    assert references == [[f"{BLOG}.post-8", f"{BLOG}.post-9"], [f"{BLOG}.post-8"]]


def test_takeout_keeps_its_ids(client: FlaskClient, tmp_path: Path) -> None:
    path = tmp_path / "feed.atom"
    path.write_text(takeout_feed(takeout_post(8), takeout_comment(9, 8)))
    load_export(path)
    assert read_feed(client).feed.id == BLOG
    assert ids(client, "/feeds/posts/default") == [f"{BLOG}.post-8"]
    assert ids(client, "/feeds/comments/default") == [f"{BLOG}.post-9"]


def test_response_here_to_an_imported_post_has_our_id(client: FlaskClient, tmp_path: Path) -> None:
    load_export(an_export(tmp_path, [post_entry(8)]))
    post = db.session.query(Post).one()
    comment = a_comment(post)
    assert ids(client, "/feeds/8/comments/default") == [f"{current_site().tag_prefix}.comment-{comment.id}"]


def test_old_subscription_to_the_responses_of_a_post_goes_on(client: FlaskClient, tmp_path: Path) -> None:
    number = 7326492342234567890
    load_export(an_export(tmp_path, [post_entry(number), comment_entry(9, number)]))
    post = db.session.query(Post).one()
    by_blogger, by_us = (read_feed(client, f"/feeds/{one}/comments/default") for one in (number, post.id))
    assert [entry.id for entry in by_blogger.entries] == [entry.id for entry in by_us.entries] == [f"{BLOG}.post-9"]
    assert by_blogger.feed.id == by_us.feed.id


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1.5", "٣", "9" * 39, "9" * 40, "1%00", "blogger:post-8"])
def test_responses_of_no_post_are_not_found(client: FlaskClient, number: str) -> None:
    assert client.get(f"/feeds/{number}/comments/default").status_code == 404


@on_sqlite
@pytest.mark.parametrize(
    ("name", "posts"),
    [("jeffhandley-jeffhandley.github.io--blogspot.xml", 92), ("Nexusdecode-blogger2jekyll--blog-08-19-2012.xml", 8)],
)
def test_real_export_keeps_all_its_ids(client: FlaskClient, name: str, posts: int) -> None:
    """A subscriber of the old blog sees no post and no response as new."""
    if not (FIXTURES / name).is_file():
        pytest.skip("the real exports are not in ../shared/fixtures")
    load_export(FIXTURES / name)
    expected = exported_ids(FIXTURES / name)
    for kind, address in {"post": "/feeds/posts/default", "comment": "/feeds/comments/default"}.items():
        found = ids(client, f"{address}?max-results=20")
        assert sorted(found) == sorted(expected[kind])
    assert len(expected["post"]) == posts
    widget = read_json(client, "/feeds/posts/default?alt=json&max-results=999")["feed"]
    assert {entry["id"]["$t"] for entry in widget["entry"]} == set(expected["post"])


def exported_ids(path: Path) -> dict[str, list[str]]:
    """Read the ids of published entries past our own importer."""
    found: dict[str, list[str]] = {"post": [], "comment": []}
    for entry in etree.parse(path).getroot().findall("atom:entry", NAMESPACES):
        terms = [category.get("term", "") for category in entry.findall("atom:category", NAMESPACES)]
        kind = next((term.removeprefix(KIND) for term in terms if term.startswith(KIND)), "")
        is_draft = any(element.text == "yes" for element in entry.iter("{*}draft"))
        is_removed = any(
            element.get("name") == "blogger.contentRemoved" for element in entry.iter("{*}extendedProperty")
        )
        if kind in found and not is_draft and not is_removed:
            found[kind].append(entry.findtext("atom:id", "", NAMESPACES))
    return found


@pytest.mark.parametrize(
    ("blog_url", "host"),
    [
        ("https://Blog.Example.org/", "blog.example.org"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("http://[::1]:8000", ""),
        ("http://localhost:8000", ""),
        ("", ""),
    ],
)
def test_prefix_of_ids_is_made_of_the_blogs_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blog_url: str, host: str
) -> None:
    monkeypatch.setitem(os.environ, "BLOG_URL", blog_url)
    address = f"sqlite:///{tmp_path / 'new.sqlite'}"
    migrate(address)
    with create_engine(address).connect() as connection:
        prefix = connection.execute(text("SELECT tag_prefix FROM site")).scalar_one()
    number = prefix.rpartition("-")[2]
    assert prefix.startswith(f"tag:{host or f'{number}.invalid'},20")
    assert len(number) == 12
