"""Test reading Takeout feeds and the settings beside them."""

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
from blog.ops.stats import count_content
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


def test_a_feed_is_detected_by_its_content(tmp_path: Path) -> None:
    for name in ("feed.atom", "blog-11-24-2026.xml", "x"):
        (tmp_path / name).write_text((SAMPLES / "takeout-feed.atom").read_text())
        assert [post.title for post in open_export(tmp_path / name).posts()] == ["One"]
    classic = an_export(tmp_path, [post_entry(1)], "feed.atom")
    assert [post.title for post in open_export(classic).posts()] == ["Post 1"]


def test_a_post_keeps_path_dates_author_and_labels(tmp_path: Path) -> None:
    fields = {
        "at": "2020-03-31T23:30:00.123Z",
        "title": "Herons &amp; weirs",
        "name": " Nora\n ",
        "uri": "https://n.example",
    }
    (post,) = read(
        tmp_path, takeout_post(1, labels="C#|river", filename="/2020/04/herons%20return.html", **fields)
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


def test_drafts_pages_and_trashed_posts(tmp_path: Path) -> None:
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


def test_hidden_comments_are_counted_and_skipped(app: Flask, tmp_path: Path) -> None:
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
        "Skipped because Blogger marked them as spam: 2 comments.",
        "Skipped because Blogger showed them only to their authors: 1 comment.",
        "Skipped because they were in Blogger’s trash: 1 entry.",
        "Skipped because Blogger did not show them: 1 comment.",
    ]
    assert count_content()["comments"]["visible"] == 1


def test_replies_nest_in_any_order_and_after_a_second_import(app: Flask, tmp_path: Path) -> None:
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
    numbers = count_content()["comments"]
    assert (numbers["visible"], numbers["replies"], numbers["max_depth"]) == (5, 2, 3)
    assert by_number(13).parent_id == by_number(12).id
    assert by_number(15).parent_id is None
    page = post_at("/p/about.html")
    assert page and page.comment_count == 2
    assert run(app, "import", export).stdout.startswith("Nothing new to import.")
    assert count_content()["comments"] == numbers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("One\n\n  two & three", "One<br /><br />two & three"),
        ("\n  One\r\ntwo\n", "One<br />two"),
        ("One<br />\ntwo", "One<br />\ntwo"),
        ("A <b>bold</b>\nword", "A <b>bold</b><br />word"),
    ],
)
def test_line_ends_of_comments_become_breaks(tmp_path: Path, body: str, expected: str) -> None:
    assert [comment.body for comment in read(tmp_path, takeout_comment(2, 1, body=body)).comments()] == [expected]


def test_empty_names_and_several_authors_with_one_name(app: Flask, tmp_path: Path) -> None:
    entries = [
        takeout_post(1, name="Ann", uri="https://www.blogger.com/profile/1"),
        takeout_post(2, name="Ann", uri="https://www.blogger.com/profile/2"),
        takeout_comment(3, 1, name=""),
    ]
    run(app, "import", a_takeout(tmp_path, one_blog(*entries)))
    assert count_content()["authors"] == 2
    assert by_number(3).name == "Anonymous"


def test_combined_labels_are_split_and_reported(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, labels="Birds, weirs ,birds,Birds|C#"))))
    assert "Split at their commas into several labels: 1 label." in result.stdout
    post = db.session.scalars(select(Post).where(Post.import_ref == "blogger:post-1")).one()
    assert sorted(label.name for label in post.labels) == ["Birds", "C#", "birds", "weirs"]


def test_an_untitled_post_whose_body_is_a_whole_document(app: Flask, tmp_path: Path) -> None:
    document = (
        "<!DOCTYPE html><html><head><title>No</title><style>p{}</style></head><body class='x'>"
        "<p>A whole &amp; document.</p><script>no()</script></body></html>"
    )
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, body=document))))
    post = post_at("/2020/04/post-1.html")
    assert post and (post.title, post.body_html) == ("", "<p>A whole &amp; document.</p>")
    assert post.headline == "A whole & document."


def test_an_unpublished_draft_keeps_its_path(app: Flask, tmp_path: Path) -> None:
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1, status="DRAFT"))))
    post = db.session.scalars(select(Post).where(Post.import_ref == "blogger:post-1")).one()
    assert (post.path, post.published_at) == ("/2020/04/post-1.html", None)
    assert app.test_client().get("/2020/04/post-1.html").status_code == 404


def test_a_feed_without_its_prefix_declaration_is_repaired(tmp_path: Path) -> None:
    head = TAKEOUT_HEAD.replace(" xmlns:blogger='http://schemas.google.com/blogger/2018'", "")
    path = tmp_path / "feed.atom"
    path.write_text(head + takeout_post(1) + "</feed>")
    archive = open_export(path)
    assert (archive.repaired_prefixes, [post.path for post in archive.posts()]) == (
        ("blogger",),
        ["/2020/04/post-1.html"],
    )


def test_a_feed_is_read_with_the_settings_beside_it(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_text(takeout_feed(takeout_post(1)))
    (tmp_path / "settings.csv").write_text(settings_csv())
    site = open_export(tmp_path / "feed.atom").site
    assert (site.title, site.tagline, site.zone) == ("The Heron Post", "Birds & weirs", "Europe/Berlin")
    assert (site.language, site.host, site.custom_domain) == ("en_GB", "heronpost.blogspot.com", False)


def test_unreadable_settings_leave_the_title_of_the_feed(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_text(takeout_feed(takeout_post(1)))
    for content in (b"\xff\xfe", b"", b"blog_name\n", b'blog_name\n"' + b"x" * 200_000 + b'"\n'):
        (tmp_path / "settings.csv").write_bytes(content)
        assert open_export(tmp_path / "feed.atom").site.title == "The Heron Post"


def test_no_email_address_is_imported(app: Flask, tmp_path: Path) -> None:
    run(app, "import", a_takeout(tmp_path, one_blog(takeout_post(1))))
    dumped = "\n".join(dump())
    assert "The Heron Post" in dumped
    assert "owner@example.org" not in dumped


def test_one_feed_may_mix_both_dialects(tmp_path: Path) -> None:
    path = an_export(
        tmp_path, [post_entry(1), takeout_entry("POST", 2, filename="/2020/04/two.html"), comment_entry(3, 2)]
    )
    path.write_text(
        path.read_text().replace("<feed ", "<feed xmlns:blogger='http://schemas.google.com/blogger/2018' ", 1)
    )
    archive = open_export(path)
    assert [post.path for post in archive.posts()] == ["/2011/07/post-1.html", "/2020/04/two.html"]
    assert [comment.post_ref for comment in archive.comments()] == ["blogger:post-2"]
