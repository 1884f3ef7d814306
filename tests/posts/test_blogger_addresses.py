"""List the forms of Blogger's addresses with their status, on imported blogs."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.importing.load.run import load_export
from blog.posts.lists import PAGE_SIZE
from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.importing.export_files import FIXTURES, an_export, comment_entry, post_entry, setting_entry

EXPORT = FIXTURES / "jeffhandley-jeffhandley.github.io--blogspot.xml"
AT = "2011-07-01T12:00:00.000+02:00"
MILLISECONDS = 1309514400000
POST = "/2011/07/post-1.html"

FORMS = {
    "/": (200, ""),
    "/?m=1": (200, ""),
    "/?m=0": (200, ""),
    "/index.html": (301, "/"),
    "/index.html?m=1": (301, "/"),
    "/2011/": (200, ""),
    "/2011": (308, "/2011/"),
    "/2011/07/": (200, ""),
    "/2011/07": (308, "/2011/07/"),
    "/2011/06/": (404, ""),
    "/2011/13/": (404, ""),
    "/2011_07_01_archive.html": (301, "/2011/07/"),
    "/2011_07_24_archive.html": (301, "/2011/07/"),
    "/2011_07_01_heronpost_archive.html": (301, "/2011/07/"),
    "/archives/2011_07_01_archive.html": (301, "/2011/07/"),
    "/2011_13_01_archive.html": (404, ""),
    "/2011_7_1_archive.html": (404, ""),
    "/search": (301, "/"),
    "/search?max-results=20": (301, "/"),
    "/search?q=": (301, "/"),
    "/search?q=herons+return": (404, ""),
    "/search?q=a%00b": (404, ""),
    "/search?q=%00": (301, "/"),
    "/search?updated-max=a%00": (301, "/"),
    "/search?updated-max=9999-12-31T23:59:59-14:00": (301, "/?after=253402351199000-0"),
    "/search?updated-max=2011-07-01T12:00:00-07:00&max-results=20": (301, "/?after=1309546800000-0"),
    "/search?updated-max=2011-07-01T12:00:00%2B02:00&max-results=20": (301, f"/?after={MILLISECONDS}-0"),
    "/search?updated-max=2011-07-01T12:00:00+02:00&start=20&by-date=false": (301, f"/?after={MILLISECONDS}-0"),
    "/search?updated-min=2011-01-01T00:00:00Z&updated-max=2012-01-01T00:00:00Z": (301, "/?after=1325376000000-0"),
    "/search?updated-max=2011-07-01T12:00:00": (301, f"/?after={MILLISECONDS}-0"),
    "/search?updated-max=tomorrow": (301, "/"),
    "/search?updated-max=0001-01-01T00:00:00%2B14:00": (301, "/?after=-62135647200000-0"),
    f"/search?updated-max={'9' * 5000}": (301, "/"),
    "/search/label/Birds": (200, ""),
    "/search/label/Birds?m=1": (200, ""),
    "/search/label/Birds?max-results=5": (200, ""),
    "/search/label/Birds?max-results=20&updated-max=2011-07-01T12:00:00%2B02:00": (
        301,
        f"/search/label/Birds?after={MILLISECONDS}-0",
    ),
    "/search/label/Birdz": (404, ""),
    POST: (200, ""),
    f"{POST}?m=1": (200, ""),
    f"{POST}?m=0": (200, ""),
    f"{POST}/": (301, POST),
    f"{POST}?showComment={MILLISECONDS}": (302, f"{POST}#comment-1"),
    f"{POST}?showComment={MILLISECONDS}&m=1": (302, f"{POST}#comment-1"),
    f"{POST}?showComment=c8": (302, f"{POST}#comment-1"),
    f"{POST}?showComment=c9": (200, ""),
    f"{POST}?showComment={'9' * 400}": (200, ""),
    "/2011/07/post-2.html": (200, ""),
    "/p/about.html": (200, ""),
    "/p/about.html?m=1": (200, ""),
    "/2011/08/post-1.html": (404, ""),
}


@pytest.fixture
def imported(app: Flask, tmp_path: Path) -> FlaskClient:
    label = "<category scheme='http://www.blogger.com/atom/ns#' term='Birds'/>"
    page = post_entry(3, path="/p/about.html").replace("post-3", "page-3").replace("kind#post", "kind#page")
    entries = [
        setting_entry("BLOG_TIME_ZONE", "Europe/Berlin"),
        post_entry(1).replace("</entry>", f"{label}</entry>"),
        post_entry(2, at="2011-07-02T12:00:00.000+02:00"),
        page,
        comment_entry(8, 1, at=AT),
    ]
    load_export(an_export(tmp_path, entries))
    return app.test_client()


@pytest.mark.parametrize("address", FORMS)
def test_form_answers_with_the_listed_status(imported: FlaskClient, address: str) -> None:
    answer = imported.get(address)
    assert (answer.status_code, answer.headers.get("Location", "")) == FORMS[address]
    head = imported.head(address)
    assert (head.status_code, head.data) == (answer.status_code, b"")


def test_mobile_address_has_the_canonical_link_of_the_other(imported: FlaskClient) -> None:
    links = {
        re.search(r'rel="canonical" href="([^"]*)"', imported.get(f"{POST}{query}").text) for query in ("", "?m=1")
    }
    assert {link and link[1] for link in links} == {f"http://localhost{POST}"}


def test_page_has_blogger_s_elements(imported: FlaskClient) -> None:
    page = imported.get(POST).text
    assert all(f'id="{name}"' in page for name in ("comments", "comment-form", "c8"))
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def test_posts_before_a_time_are_listed(client: FlaskClient) -> None:
    posts = [a_post(f"Post {number}", labels=("Birds",)) for number in range(PAGE_SIZE + 2)]
    at = posts[1].published_at
    assert at
    for place in ("/search", "/search/label/Birds"):
        page = client.get(place, query_string={"updated-max": at.isoformat()}, follow_redirects=True).text
        assert re.findall(r'class="entry-title"[^>]*><a[^>]*>([^<]*)<', page) == ["Post 0"]


def test_anchor_of_another_post_or_a_hidden_comment_is_not_found(app: Flask) -> None:
    client, first, second = app.test_client(), a_post("First"), a_post("Second")
    comment = a_comment(first)
    comment_id = comment.id
    from blog.comments.changes import changing_threads

    with changing_threads(notify=False) as change:
        change.load_threads({first.id})
        db.session.get_one(Comment, comment_id).anchor = "c77"
    assert client.get(f"{first.path}?showComment=c77").status_code == 302
    assert client.get(f"{second.path}?showComment=c77").status_code == 200


@pytest.mark.skipif(not EXPORT.exists(), reason=f"{EXPORT.name} is not at hand")
def test_every_address_of_an_export_answers(app: Flask) -> None:
    load_export(EXPORT)
    client = app.test_client()
    posts = old_addresses("post", "page")
    assert len(posts) == db.session.query(Post).count() == 92
    for path in posts:
        for query in ("", "?m=1", "?m=0"):
            assert client.get(f"{path}{query}").status_code == 200, path
        year, month = path.split("/")[1:3]
        for archive in (f"/{year}/", f"/{year}/{month}/"):
            assert client.get(archive).status_code == 200
        assert client.get(f"/{year}_{month}_01_archive.html").location == f"/{year}/{month}/"
    comments = old_addresses("comment")
    anchors = dict(db.session.execute(select(Comment.anchor, Comment.id).where(Comment.status == "visible")).all())
    assert len(anchors) == 112
    for address in comments:
        anchor = address.partition("#")[2]
        if anchor in anchors:
            for query in (address.partition("#")[0], f"{address.partition('?')[0]}?showComment={anchor}"):
                assert client.get(query).location.endswith(f"#comment-{anchors[anchor]}")


def old_addresses(*kinds: str) -> list[str]:
    """Return the addresses of entries of these kinds in the export."""
    atom = "{http://www.w3.org/2005/Atom}"
    found = []
    for entry in etree.parse(EXPORT).iter(f"{atom}entry"):
        terms = [category.get("term", "") for category in entry.iter(f"{atom}category")]
        link = next((one.get("href", "") for one in entry.iter(f"{atom}link") if one.get("rel") == "alternate"), "")
        if link and any(term.endswith(f"kind#{kind}") for kind in kinds for term in terms):
            parts = urlsplit(link)
            query = f"?{parts.query}" if parts.query else ""
            found.append(quote(parts.path) + query + (f"#{parts.fragment}" if parts.fragment else ""))
    return found
