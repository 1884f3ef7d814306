"""Test that both databases refuse or adapt the same values."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import MAX_ID, db, parse_id, writing
from blog.posts.models import Label, Post
from blog.site.models import current_site
from blog.web.forms.fields import MAX_TOKEN_LENGTH
from tests.factories import HTMX, a_comment, a_post, answer, count
from tests.importing.export_files import an_export, comment_entry, post_entry, run
from tests.live_server import Server

TOO_LARGE_IDS = (MAX_ID + 1, 2**63, 10**20, 10**4000)


@pytest.mark.parametrize("number", TOO_LARGE_IDS, ids=["int", "bigint", "decimal", "endless"])
def test_too_large_ids_are_not_found(client: FlaskClient, number: int) -> None:
    post = a_post()
    for path in (
        f"/posts/{number}/comments/token",
        f"/posts/{number}/comments/new?parent=1",
        f"/posts/{post.id}/comments/new?parent={number}",
        f"/posts/{post.id}/comments/{number}",
        f"/posts/{number}/live",
    ):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/posts/{number}/comments", data={"body": "x"}, headers=HTMX).status_code == 404
    assert client.get(f"/?after={number}-{number}").status_code == 200
    # a parent id beyond the field's length is refused, and the text returned
    endless = len(str(number)) > MAX_TOKEN_LENGTH
    assert answer(client, post, "Under nothing.", parent_id=str(number)).status_code == (422 if endless else 200)
    assert count() == (0 if endless else 1)


def test_ids_are_parsed_from_plain_digits() -> None:
    assert [parse_id(text) for text in ("7", "007", str(MAX_ID))] == [7, 7, MAX_ID]
    assert [parse_id(text) for text in (None, "", "-1", "1.0", " 1", "²", "٣", str(MAX_ID + 1))] == [None] * 8


def test_stream_accepts_any_version_and_post_id(serve: Callable[..., Server]) -> None:
    post = a_post()
    a_comment(post)
    server = serve()
    for path, last_id, expected in (
        (f"/posts/{MAX_ID + 1}/live", "1", b"404"),
        (f"/posts/{post.id}/live", "9" * 5000, b"200"),
        (f"/posts/{post.id}/live", "\xb2", b"200"),
        (f"/posts/{post.id}/live?since={'9' * 18}", "", b"200"),
        (f"/live?since={'9' * 18}", str(10**17), b"200"),
    ):
        with socket.create_connection(("127.0.0.1", server.port), 10) as stream:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {last_id}\r\n\r\n".encode("latin-1"))
            assert stream.recv(4096).split()[1] == expected, path


def test_path_with_nul_is_not_found(client: FlaskClient) -> None:
    post = a_post(labels=("Birds",))
    for path in ("/%00", post.path.replace("herons", "her%00ons"), "/search/label/Birds%00", "/static/%00"):
        assert client.get(path).status_code == 404, path


def test_nul_is_removed_from_text(app: Flask) -> None:
    post = a_post("A \0 title", body="A \0 text", labels=("Bi\0rds",))
    with writing():
        current_site().tagline = "Her\0ons"
    db.session.expire_all()
    assert (post.title, post.body, [label.name for label in post.labels]) == ("A  title", "A  text", ["Birds"])
    assert current_site().tagline == "Herons"


def test_labels_and_paths_are_case_sensitive(client: FlaskClient) -> None:
    posts = [a_post(labels=(name,)) for name in ("birds", "Birds", "Ärger")]
    for post, name in zip(posts, ("birds", "Birds", "%C3%84rger"), strict=True):
        page = client.get(f"/search/label/{name}")
        assert [other.path in page.text for other in posts] == [other is post for other in posts]
    assert client.get("/search/label/BIRDS").status_code == 404
    assert client.get(posts[0].path.upper().replace("HTML", "html")).status_code == 404


def test_export_with_too_long_values_is_imported(app: Flask, tmp_path: Path) -> None:
    long = "long " * 1000
    picture = f"https://example.org/{'x' * 3000}.jpg"
    label = f"<category scheme='http://www.blogger.com/atom/ns#' term='{long}'/>"
    author = f"<author><name>{long}</name><uri>https://example.org/{'x' * 3000}</uri></author>"
    post = post_entry(1, path="/2011/07/her%00ons.html", body=f'<img src="{picture}">')
    post = post.replace("Post 1", long).replace("</entry>", f"{label}{author}</entry>")
    comment = comment_entry(2, 1).replace("<author><name>Ann</name></author>", author)
    assert run(app, "import", an_export(tmp_path, [post, comment])).exit_code == 0
    db.session.rollback()
    found, answered = db.session.scalars(select(Post)).one(), db.session.scalars(select(Comment)).one()
    assert (found.path, len(found.title), found.thumbnail) == ("/2011/07/herons.html", 500, "")
    assert picture in found.body_html
    assert (len(found.author_name), found.author_ref) == (200, None)
    assert (len(answered.name), answered.website) == (200, "")
    assert len(db.session.scalars(select(Label.name)).one()) <= 200
