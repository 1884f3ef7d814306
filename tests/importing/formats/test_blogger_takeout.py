"""Reading the feed that Takeout makes of a blog, and what stands beside it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blog.comments.models import Comment
from blog.db import db
from blog.importing.archive import Archive
from blog.importing.formats.open_export import open_export
from blog.ops.stats import stats
from blog.posts.models import Post, post_at
from tests.importing.export_files import (
    SAMPLES,
    TAKEOUT_HEAD,
    a_takeout,
    an_export,
    comment_entry,
    one_blog,
    post_entry,
    run,
    settings_csv,
    takeout_comment,
    takeout_entry,
    takeout_feed,
    takeout_post,
)
from tests.postgres.databases import dump


def read(folder: Path, *entries: str) -> Archive:
    path = folder / "anything.xml"
    path.write_text(takeout_feed(*entries))
    return open_export(path)


def by_number(number: int) -> Comment:
    return db.session.scalars(select(Comment).where(Comment.import_ref == f"blogger:comment-{number}")).one()


def test_a_feed_is_known_by_what_is_in_it_whatever_its_name(tmp_path: Path) -> None:
    for name in ("feed.atom", "blog-11-24-2026.xml", "x"):
        (tmp_path / name).write_text((SAMPLES / "takeout-feed.atom").read_text())
        assert [post.title for post in open_export(tmp_path / name).posts()] == ["One"]
    classic = an_export(tmp_path, [post_entry(1)], "feed.atom")
    assert [post.title for post in open_export(classic).posts()] == ["Post 1"]


def test_a_post_keeps_its_address_its_dates_its_author_and_its_labels(tmp_path: Path) -> None:
    said = {
        "at": "2020-03-31T23:30:00.123Z",
        "title": "Herons &amp; weirs",
        "name": " Nora\n ",
        "uri": "https://n.example",
    }
    (post,) = read(
        tmp_path, takeout_post(1, labels="C#|river", filename="/2020/04/herons%20return.html", **said)
    ).posts()
    assert (post.ref, post.kind, post.path, post.draft) == (
        "blogger:post-1",
        "post",
        "/2020/04/herons return.html",
        False,
    )
    assert (post.title, post.labels) == ("Herons & weirs", ("C#", "river"))
    assert post.at == datetime(2020, 3, 31, 23, 30, 0, 123000, tzinfo=UTC)
    assert (post.author_name, post.author_ref) == ("Nora", "https://n.example")


def test_drafts_pages_and_what_lay_in_the_trash(tmp_path: Path) -> None:
    archive = read(
        tmp_path,
        takeout_post(1, status="DRAFT", filename=""),
        takeout_post(2, kind="PAGE", filename="/p/about.html"),
        takeout_post(3, status="SOFT_TRASHED"),
        takeout_post(4, status="SOMETHING_NEW"),
    )
    assert [(post.kind, post.draft, post.path) for post in archive.posts()] == [
        ("post", True, None),
        ("page", False, "/p/about.html"),
        ("post", True, "/2020/04/post-4.html"),
    ]
    assert archive.skipped == Counter(trashed=1)


def test_comments_that_blogger_did_not_show_are_counted_and_left_out(app: Flask, tmp_path: Path) -> None:
    entries = [
        takeout_post(1),
        takeout_comment(2, 1, status="SPAM_COMMENT"),
        takeout_comment(3, 1, status="SPAM_COMMENT"),
        takeout_comment(4, 1, status="GHOSTED_COMMENT"),
        takeout_comment(5, 1, status="SOFT_TRASHED"),
        takeout_comment(6, 1, status="PENDING"),
        takeout_comment(7, 1),
    ]
    lines = run(app, "import", a_takeout(tmp_path, one_blog(*entries))).stdout.splitlines()
    assert lines[:5] == [
        "1 post, 1 comment",
        "Skipped, since Blogger took them for spam: 2 comments.",
        "Skipped, since Blogger showed them to nobody but their writer: 1 comment.",
        "Skipped, since they lay in Blogger's trash: 1 entry.",
        "Skipped, since Blogger did not show them: 1 comment.",
    ]
    assert stats()["comments"]["visible"] == 1


def test_replies_nest_whatever_their_order_and_again_after_a_second_time(app: Flask, tmp_path: Path) -> None:
    entries = [
        takeout_comment(14, 1, parent=13),
        takeout_comment(13, 1, parent=12),
        takeout_comment(12, 1),
        takeout_comment(15, 2, parent=12),
        takeout_comment(16, 2),
        takeout_post(1),
        takeout_post(2, kind="PAGE", filename="/p/about.html"),
    ]
    export = a_takeout(tmp_path, one_blog(*entries))
    run(app, "import", export)
    numbers = stats()["comments"]
    assert (numbers["visible"], numbers["replies"], numbers["max_depth"]) == (5, 2, 3)
    assert by_number(13).parent_id == by_number(12).id
    assert by_number(15).parent_id is None
    page = post_at("/p/about.html")
    assert page and page.comment_count == 2
    assert run(app, "import", export).stdout.startswith("Nothing new came in.")
    assert stats()["comments"] == numbers


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("One\n\n  two & three", "One<br /><br />two & three"),
        ("\n  One\r\ntwo\n", "One<br />two"),
        ("One<br />\ntwo", "One<br />\ntwo"),
        ("A <b>bold</b>\nword", "A <b>bold</b><br />word"),
    ],
)
def test_the_line_ends_of_a_comment_are_breaks(tmp_path: Path, body: str, shown: str) -> None:
    assert [comment.body for comment in read(tmp_path, takeout_comment(2, 1, body=body)).comments()] == [shown]


def test_nameless_people_and_several_of_one_name(app: Flask, tmp_path: Path) -> None:
    entries = [
        takeout_post(1, name="Ann", uri="https://www.blogger.com/profile/1"),
        takeout_post(2, name="Ann", uri="https://www.blogger.com/profile/2"),
        takeout_comment(3, 1, name=""),
    ]
    run(app, "import", a_takeout(tmp_path, one_blog(*entries)))
    assert stats()["authors"] == 2
    assert by_number(3).name == "Anonymous"


def test_labels_that_stand_in_one_are_taken_apart_and_told(app: Flask, tmp_path: Path) -> None:
    run_ = run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, labels="Birds, weirs ,birds,Birds|C#"))))
    assert "Taken apart at their commas, into the labels in them: 1 label." in run_.stdout
    post = db.session.scalars(select(Post).where(Post.import_ref == "blogger:post-1")).one()
    assert sorted(label.name for label in post.labels) == ["Birds", "C#", "birds", "weirs"]


def test_untitled_posts_and_bodies_that_are_whole_documents(app: Flask, tmp_path: Path) -> None:
    document = (
        "<!DOCTYPE html><html><head><title>No</title><style>p{}</style></head><body class='x'>"
        "<p>A whole &amp; document.</p><script>no()</script></body></html>"
    )
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, body=document))))
    post = post_at("/2020/04/post-1.html")
    assert post and (post.title, post.body_html) == ("", "<p>A whole &amp; document.</p>")
    assert post.headline == "A whole & document."


def test_a_draft_that_was_published_once_keeps_its_address_for_the_next_time(app: Flask, tmp_path: Path) -> None:
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, status="DRAFT"))))
    post = db.session.scalars(select(Post).where(Post.import_ref == "blogger:post-1")).one()
    assert (post.path, post.published_at) == ("/2020/04/post-1.html", None)
    assert app.test_client().get("/2020/04/post-1.html").status_code == 404


def test_a_feed_that_lost_the_declaration_of_its_prefix_is_mended(tmp_path: Path) -> None:
    head = TAKEOUT_HEAD.replace(" xmlns:blogger='http://schemas.google.com/blogger/2018'", "")
    path = tmp_path / "feed.atom"
    path.write_text(head + takeout_post(1) + "</feed>")
    archive = open_export(path)
    assert (archive.mended, [post.path for post in archive.posts()]) == (("blogger",), ["/2020/04/post-1.html"])


def test_a_feed_may_stand_beside_its_settings(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_text(takeout_feed(takeout_post(1)))
    (tmp_path / "settings.csv").write_text(settings_csv())
    site = open_export(tmp_path / "feed.atom").site
    assert (site.title, site.tagline, site.zone) == ("The Heron Post", "Birds & weirs", "Europe/Berlin")
    assert (site.language, site.host, site.hosted) == ("en_GB", "heronpost.blogspot.com", False)


def test_settings_that_cannot_be_read_leave_the_title_of_the_feed(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_text(takeout_feed(takeout_post(1)))
    for content in (b"\xff\xfe", b"", b"blog_name\n", b'blog_name\n"' + b"x" * 200_000 + b'"\n'):
        (tmp_path / "settings.csv").write_bytes(content)
        assert open_export(tmp_path / "feed.atom").site.title == "The Heron Post"


def test_no_address_of_a_person_comes_in(app: Flask, tmp_path: Path) -> None:
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1))))
    everything = "\n".join(dump())
    assert "The Heron Post" in everything
    assert "owner@example.org" not in everything


def test_both_dialects_in_one_feed_are_read_by_each_entry(tmp_path: Path) -> None:
    path = an_export(
        tmp_path, [post_entry(1), takeout_entry("POST", 2, filename="/2020/04/two.html"), comment_entry(3, 2)]
    )
    path.write_text(
        path.read_text().replace("<feed ", "<feed xmlns:blogger='http://schemas.google.com/blogger/2018' ", 1)
    )
    archive = open_export(path)
    assert [post.path for post in archive.posts()] == ["/2011/07/post-1.html", "/2020/04/two.html"]
    assert [comment.post_ref for comment in archive.comments()] == ["blogger:post-2"]
