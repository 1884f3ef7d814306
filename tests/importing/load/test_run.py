"""Test that the classic export is imported completely, and only once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog.comments import changes
from blog.comments.changes import changing_threads
from blog.comments.models import REMOVED, Comment, comment_domains
from blog.comments.screening.link_domains import domain_of
from blog.db import db, writing
from blog.importing.formats.open_export import open_export as read
from blog.importing.load import batches
from blog.importing.load.run import load_archive
from blog.ops.stats import count_content
from blog.posts.models import Post, post_at
from blog.posts.publishing import trash_post
from blog.posts.seed import add_welcome_post
from blog.site.models import current_site
from blog.stored_messages import message
from tests.factories import a_comment, a_post
from tests.importing.export_files import SAMPLES, an_export, comment_entry, post_entry, run, setting_entry
from tests.postgres.databases import dump

SAMPLE = SAMPLES / "blogger.xml"


def import_entries(*entries: str, folder: Path) -> list[str]:
    lines = list(load_archive(read(an_export(folder, entries))).lines())
    db.session.rollback()
    return lines


def the_post(number: int) -> Post:
    return db.session.scalars(select(Post).where(Post.import_ref == f"blogger:post-{number}")).one()


def the_comment(number: int) -> Comment:
    return db.session.scalars(select(Comment).where(Comment.import_ref == f"blogger:comment-{number}")).one()


def all_rows() -> list[Any]:
    db.session.rollback()
    tables = (Post.__table__, Comment.__table__)
    return [row for table in tables for row in db.session.execute(select(table).order_by(table.c.id))]


def test_the_report_lists_imported_and_skipped_entries_and_follow_ups(app: Flask) -> None:
    assert run(app, "import", SAMPLE).stdout.splitlines() == [
        "4 posts (1 draft), 2 pages (1 draft), 7 comments (2 removed), 3 labels",
        "Skipped because an earlier entry has the same id: 1 entry.",
        "Skipped because their post is missing: 1 comment.",
        "Taken from the export: the name “The Heron Post”, the time zone Europe/Berlin, the language en_GB.",
        "Moved to the top of their thread because the comment that they reply to is missing: 1 comment.",
        "Moved to a new address: 1 post or page.",
        "  no old address: now /2013/01/without-an-address.html",
        "Hidden because they do not load over https: 1 picture.",
        "  http://pictures.example.org/heron.jpg (in /2011/07/herons.html)",
    ]


def test_what_vanished_from_a_post_is_reported_with_its_place(app: Flask, tmp_path: Path) -> None:
    bodies = ["<script>y</script><svg></svg>", "<form><input></form>", "<form action=https://y.example/a></form>"]
    entries = [*(post_entry(number, body=body) for number, body in enumerate(bodies, 1)), post_entry(4, None, "<svg/>")]
    lines = import_entries(*entries, folder=tmp_path)
    assert lines[-6:] == [
        "Replaced with a link to the source: 1 player, frame, script or form.",
        "  https://y.example/a (in /2011/07/post-3.html)",
        "Content that cannot be shown was left out of 3 posts and pages.",
        "  script, svg in /2011/07/post-1.html",
        "  form in /2011/07/post-2.html",
        f"  svg in {the_post(4).path}",
    ]


def test_everything_lost_is_named_and_addresses_are_shortened(app: Flask, tmp_path: Path) -> None:
    entries = [post_entry(number, body="<svg></svg>") for number in range(1, 13)]
    address = "https://y.example/" + "a" * 100_000
    report = load_archive(read(an_export(tmp_path, [*entries, post_entry(13, body=f"<form action={address}></form>")])))
    assert sum(line.startswith("  svg in ") for line in report.lines()) == 12
    assert report.as_json()["content_left_out"]["count"] == 12
    assert len(str(report.messages())) < 5_000


def test_repaired_and_skipped_entries_are_reported_with_their_places(app: Flask, tmp_path: Path) -> None:
    entries = [
        post_entry(1, body="a\x0bb"),
        post_entry(2, at="2011-07-01t12:00:00z"),
        comment_entry(3, 1, at=""),
        comment_entry(4, 1, body="&#x1;").replace("&amp;", "&"),
        post_entry(5, None, at="").replace("<published></published><updated></updated>", "<updated>2011</updated>"),
    ]
    path = an_export(tmp_path, entries)
    result = run(app, "import", path)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2 posts, 1 comment",
        "Skipped because they cannot be read: 2 entries.",
        "  line 5: no published date",
        "  line 7: no published date",
        "Taken from the export: the name “The Heron Post”, the time zone UTC, the language en.",
        "Imported with the best date that could be found: 1 entry.",
        "  /2011/07/post-2.html: “2011-07-01t12:00:00z” became 2011-07-01 12:00:00",
        "Imported without characters that XML forbids, "
        "or with bytes that are no UTF-8 and were read as Windows-1252: 2 entries.",
        "  /2011/07/post-1.html",
        "  the comment by Ann of 2011-07-01",
    ]
    assert the_post(1).body_html == "ab"
    assert run(app, "import", path).stdout.startswith("Nothing new to import.")


def test_an_address_with_a_nul_is_imported_without_it(app: Flask, tmp_path: Path) -> None:
    import_entries(post_entry(1, "/2011/07/a%00b.html"), folder=tmp_path)
    assert the_post(1).path == "/2011/07/ab.html"


def test_a_second_import_changes_nothing(app: Flask) -> None:
    run(app, "import", SAMPLE)
    before, numbers = all_rows(), count_content()
    assert (numbers["posts"], numbers["pages"], numbers["drafts"], numbers["labels"]) == (3, 1, 2, 3)
    comments = {"visible": 5, "held": 0, "spam": 0, "removed": 2, "replies": 2, "max_depth": 2}
    assert numbers["comments"] == comments
    version = current_site().version
    again = run(app, "import", SAMPLE).stdout.splitlines()
    assert again[:2] == [
        "Nothing new to import.",
        "Already imported and left unchanged: 4 posts, 2 pages, 7 comments.",
    ]
    assert (all_rows(), count_content(), current_site().version) == (before, numbers, version)


def test_a_blog_without_a_name_adopts_the_settings(app: Flask) -> None:
    load_archive(read(SAMPLE))
    site = current_site()
    assert (site.title, site.tagline) == ("The Heron Post", "Birds & weirs, since 2010")
    assert (site.timezone, site.language) == ("Europe/Berlin", "en_GB")


def test_a_blog_with_a_name_keeps_its_settings(app: Flask) -> None:
    with writing():
        current_site().title = "Mine"
    load_archive(read(SAMPLE))
    assert (current_site().title, current_site().timezone) == ("Mine", "UTC")


def test_an_unknown_time_zone_or_language_is_ignored_and_reported(app: Flask, tmp_path: Path) -> None:
    settings = [setting_entry("BLOG_TIME_ZONE", "Mars/Base"), setting_entry("BLOG_LOCALE", "tlh_QX"), post_entry(1)]
    lines = import_entries(*settings, folder=tmp_path)
    assert (current_site().timezone, current_site().language) == ("UTC", "en")
    assert any("Mars/Base" in line for line in lines)
    assert any("tlh_QX" in line for line in lines)


def test_no_email_address_is_imported(app: Flask) -> None:
    load_archive(read(SAMPLE))
    dumped = "\n".join(dump())
    assert "owner@example.org" not in dumped
    assert "noreply@blogger.com" not in dumped


def test_posts_keep_dates_and_paths_and_their_links_become_local(app: Flask) -> None:
    load_archive(read(SAMPLE))
    post = post_at("/2011/07/herons.html")
    assert post
    assert post.published_at == post.created_at == datetime(2011, 8, 1, 6, 30, 0, 123000, tzinfo=UTC)
    assert post.updated_at == datetime(2012, 2, 3, 8, tzinfo=UTC)
    assert 'href="/p/about.html"' in post.body_html
    assert 'href="http://heronpost.blogspot.com' in post.body


def test_old_paths_still_work(app: Flask, client: FlaskClient) -> None:
    load_archive(read(SAMPLE))
    assert "Seen" in client.get("/2011/07/herons.html").text
    assert client.get("/2011/09/%D1%86%D0%B0%D0%BF%D0%BB%D1%8F.html").status_code == 200
    assert client.get("/p/about.html").status_code == 200


def test_a_draft_has_no_path_and_keeps_its_creation_date(app: Flask) -> None:
    load_archive(read(SAMPLE))
    draft = the_post(104)
    assert (draft.path, draft.published_at) == (None, None)
    assert draft.created_at == datetime(2013, 1, 2, 11, tzinfo=UTC)


def test_a_post_with_a_future_date_becomes_a_draft(app: Flask, tmp_path: Path) -> None:
    lines = import_entries(post_entry(1, at="2999-01-01T00:00:00Z"), folder=tmp_path)
    assert the_post(1).published_at is None
    assert "Imported as drafts because their date is in the future: 1." in lines


def test_a_post_whose_path_is_taken_moves(app: Flask, tmp_path: Path) -> None:
    mine = a_post("Mine", published_at=datetime(2011, 7, 1, tzinfo=UTC))
    lines = import_entries(
        post_entry(1, path="/2011/07/mine.html"), post_entry(2, path="/2011/07/post-1.html"), folder=tmp_path
    )
    assert (mine.path, the_post(2).path) == ("/2011/07/mine.html", "/2011/07/post-1.html")
    assert "  /2011/07/mine.html: now /2011/07/post-1_2.html" in lines
    browser = app.test_client()
    assert "Mine</h1>" in browser.get("/2011/07/mine.html").text
    trash_post(mine.id)
    assert browser.get("/2011/07/mine.html").location == "/2011/07/post-1_2.html"


def test_a_post_with_a_long_path_is_found_by_it(app: Flask, tmp_path: Path) -> None:
    path = f"/2011/07/{'post' * 80}.html"
    import_entries(post_entry(1, path=path), folder=tmp_path)
    assert app.test_client().get(path).location == the_post(1).path == "/2011/07/post-1.html"


def test_a_new_path_is_never_the_old_path_of_another_post(app: Flask, tmp_path: Path) -> None:
    import_entries(post_entry(1, path=None), post_entry(2, path="/2011/07/post-1.html"), folder=tmp_path)
    assert (the_post(1).path, the_post(2).path) == ("/2011/07/post-1_2.html", "/2011/07/post-1.html")


def test_comments_keep_text_time_and_anchor(app: Flask) -> None:
    load_archive(read(SAMPLE))
    comment = the_comment(301)
    assert (comment.name, comment.website, comment.email) == ("Ann", "http://ann.example.org/", "")
    assert comment.created_at == datetime(2011, 8, 1, 6, 0, 0, 7000, tzinfo=UTC)
    assert (comment.anchor, comment.position) == ("c301", 1312178400007)
    assert comment.body == "Seen *one* today.<br /><br />Five <b>grey</b> &lt;3 ones."
    assert "grey" in comment.body_html


def test_an_empty_name_becomes_anonymous_and_a_website_must_be_http(app: Flask) -> None:
    load_archive(read(SAMPLE))
    assert the_comment(305).name == "Anonymous"
    assert the_comment(304).website == ""


def test_replies_are_under_their_parents_even_if_those_are_removed(app: Flask) -> None:
    load_archive(read(SAMPLE))
    removed, reply = the_comment(303), the_comment(304)
    assert (removed.status, removed.depth) == (REMOVED, 0)
    assert (reply.parent_id, reply.display_parent_id, reply.depth) == (removed.id, removed.id, 1)
    assert the_comment(306).parent_id is None


def test_a_comment_on_a_page_is_imported(app: Flask) -> None:
    load_archive(read(SAMPLE))
    page = post_at("/p/about.html")
    assert page
    assert (the_comment(305).post_id, page.comment_count) == (page.id, 1)


def test_counts_and_versions_are_updated_for_open_pages(app: Flask) -> None:
    before = current_site().version
    load_archive(read(SAMPLE))
    db.session.rollback()
    post = the_post(101)
    assert post.comment_count == 4
    assert {comment.version for comment in db.session.scalars(select(Comment).where(Comment.post_id == post.id))} == {1}
    assert (post.thread_version, post.site_version) == (1, current_site().version)
    assert current_site().version > before


def test_a_reply_is_never_under_a_comment_on_another_post(app: Flask, tmp_path: Path) -> None:
    lines = import_entries(
        post_entry(1), post_entry(2), comment_entry(3, 1), comment_entry(4, 2, parent=3), folder=tmp_path
    )
    assert the_comment(4).parent_id is None
    assert "Moved to the top of their thread because the comment that they reply to is missing: 1 comment." in lines


def test_circular_replies_are_imported_and_reported(app: Flask, tmp_path: Path) -> None:
    circle = [comment_entry(2, 1, parent=4), comment_entry(3, 1, parent=2), comment_entry(4, 1, parent=3)]
    lines = import_entries(post_entry(1), *circle, folder=tmp_path)
    assert count_content()["comments"]["visible"] == 3
    assert count_content()["comments"]["max_depth"] == 3
    assert "Moved to the top of their thread because they reply to each other in a circle: 1 comment." in lines


def test_a_long_chain_of_replies_is_imported(app: Flask, tmp_path: Path) -> None:
    chain = [comment_entry(n + 10, 1, parent=n + 9 if n else None) for n in range(250)]
    import_entries(*reversed(chain), post_entry(1), folder=tmp_path)
    assert count_content()["comments"]["max_depth"] == 250


def test_an_import_does_not_overwrite_edits(app: Flask) -> None:
    load_archive(read(SAMPLE))
    with changing_threads():
        the_post(101).title = "Herons, corrected"
        the_comment(301).remove(message("note", text="for the test"))
    load_archive(read(SAMPLE))
    db.session.rollback()
    assert (the_post(101).title, the_comment(301).status) == ("Herons, corrected", REMOVED)


def test_a_later_export_adds_only_new_entries(app: Flask, tmp_path: Path) -> None:
    import_entries(post_entry(1), comment_entry(2, 1), folder=tmp_path)
    import_entries(post_entry(1), comment_entry(2, 1), comment_entry(3, 1, parent=2), post_entry(4), folder=tmp_path)
    assert (the_post(1).comment_count, the_post(1).thread_version) == (2, 2)
    assert (the_comment(2).version, the_comment(3).version) == (1, 2)
    assert the_comment(3).parent_id == the_comment(2).id


def test_a_second_import_adds_comments_but_does_not_touch_the_post(app: Flask, tmp_path: Path) -> None:
    import_entries(post_entry(1, at="2011-07-01T12:00:00Z"), folder=tmp_path)
    import_entries(post_entry(1), comment_entry(2, 1), folder=tmp_path)
    assert the_post(1).updated_at == datetime(2011, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("breaks_at", [1, 2, 3])
def test_an_interrupted_import_leaves_whole_batches_and_continues(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks_at: int
) -> None:
    monkeypatch.setattr(batches, "BATCH_SIZE", 10)
    entries = [post_entry(1), *(comment_entry(n + 10, 1, parent=n + 9 if n % 3 else None) for n in range(30))]
    archive = read(an_export(tmp_path, entries))
    recount, calls = changes.recount_threads, []

    def interrupt(posts: list[Post], root_ids: set[int]) -> None:
        calls.append(posts)
        if len(calls) == breaks_at:
            raise KeyboardInterrupt
        recount(posts, root_ids)

    monkeypatch.setattr(changes, "recount_threads", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_archive(archive)
    db.session.rollback()
    assert count_content()["comments"]["visible"] == the_post(1).comment_count == 10 * (breaks_at - 1)
    load_archive(archive)
    db.session.rollback()
    assert count_content()["comments"]["visible"] == the_post(1).comment_count == 30
    assert count_content()["comments"]["replies"] == 20


def test_long_texts_make_smaller_batches() -> None:
    posts = list(read(SAMPLE).posts()) * 50
    assert [len(batch) for batch in batches.batches(posts)] == [100, 100, 100]
    posts[1] = replace(posts[1], body="x" * 3_000_000)
    assert [len(batch) for batch in batches.batches(posts)] == [2, 100, 100, 98]


def test_an_untouched_welcome_post_is_removed(app: Flask) -> None:
    add_welcome_post()
    load_archive(read(SAMPLE))
    assert count_content()["posts"] == 3


def test_a_welcome_post_with_a_comment_stays(app: Flask) -> None:
    add_welcome_post()
    a_comment(db.session.scalars(select(Post)).one())
    load_archive(read(SAMPLE))
    assert count_content()["posts"] == 4


def test_the_report_names_a_custom_domain(app: Flask, tmp_path: Path) -> None:
    path = an_export(tmp_path, [post_entry(1)])
    path.write_text(path.read_text().replace("heronpost.blogspot.com", "www.heronpost.example"))
    assert any("www.heronpost.example" in line for line in load_archive(read(path)).lines())


def test_link_domains_of_imported_comments_are_recorded(app: Flask) -> None:
    run(app, "import", SAMPLE)
    comments = db.session.scalars(select(Comment).where(Comment.website != "")).all()
    assert comments
    domains = {domain_of(comment.website) for comment in comments}
    known = set(db.session.scalars(select(comment_domains.c.domain)))
    assert domains <= known
    run(app, "import", SAMPLE)
    assert set(db.session.scalars(select(comment_domains.c.domain))) == known
